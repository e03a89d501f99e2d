# fish completion for tlsa-update(1). The program's own --help names what can be completed. Options may
# stand before the command.

function __tlsa_update_commands
    tlsa-update --help | string replace --filter --regex '^  ([a-z]+) +(.*)' '$1\t$2'
end

# The command that the line names; status 1 while it names none.
function __tlsa_update_command
    set --local known (tlsa-update --help | string replace --filter --regex '^  ([a-z]+) +.*' '$1')
    for word in (commandline --tokenize --cut-at-cursor)[2..]
        contains -- $word $known; and echo $word; and return 0
    end
    return 1
end

function __tlsa_update_options
    set --local command (__tlsa_update_command; or echo run)
    tlsa-update $command --help | string replace --filter --regex '^  .{4}(--[a-z0-9-]+)(?: "?[A-Z].*?)?  +(.*)' '$1\t$2'
end

complete --command tlsa-update --no-files --condition 'not __tlsa_update_command >/dev/null' --arguments '(__tlsa_update_commands)'
complete --command tlsa-update --condition '__tlsa_update_command >/dev/null; or string match --quiet -- "-*" (commandline --current-token)' --arguments '(__tlsa_update_options)'

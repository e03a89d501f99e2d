# fish completion for tlsa-update(1). What there is to complete is asked of the program's own --help.

function __tlsa_update_commands
    tlsa-update --help | string replace --filter --regex '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __tlsa_update_options
    set --local command (commandline --tokenize --cut-at-cursor)[2]
    tlsa-update $command --help | string replace --filter --regex '^  .{4}(--[a-z0-9-]+)(?: "?[A-Z].*?)?  +(.*)' '$1\t$2'
end

complete --command tlsa-update --no-files --condition __fish_use_subcommand --arguments '(__tlsa_update_commands)'
complete --command tlsa-update --condition 'not __fish_use_subcommand' --arguments '(__tlsa_update_options)'

# bash completion for tlsa-update(1). The program's own --help names what can be completed. Options may
# stand before the command.

_tlsa_update() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= commands help i
    COMPREPLY=()
    commands=$(tlsa-update --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ -n ${COMP_WORDS[i]} ]] && grep -qx -- "${COMP_WORDS[i]}" <<<"$commands"; then
            command=${COMP_WORDS[i]}
            break
        fi
    done
    help=$(tlsa-update "${command:-run}" --help 2>/dev/null)
    case $before in
        --format) mapfile -t COMPREPLY < <(compgen -W "text json zone rfc3597 nsupdate" -- "$word"); return ;;
        --transport) mapfile -t COMPREPLY < <(compgen -W "tcp udp tls" -- "$word"); return ;;
        --read) mapfile -t COMPREPLY < <(compgen -W "query axfr auto" -- "$word"); return ;;
        --ta) mapfile -t COMPREPLY < <(compgen -W "issuer root all" -- "$word"); return ;;
    esac
    if grep -q -- "^  .\{4\}$before FILE " <<<"$help"; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif grep -q -- "^  .\{4\}$before [A-Z\"]" <<<"$help"; then
        return
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/^  .\{4\}\(--[a-z0-9-]*\) .*/\1/p' <<<"$help")" -- "$word")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
    fi
}
complete -o filenames -F _tlsa_update tlsa-update

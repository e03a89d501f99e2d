# bash completion for tlsa-update(1). What there is to complete is asked of the program's own --help.

_tlsa_update() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} help
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        help=$(tlsa-update --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$help --help --version" -- "$word")
        return
    fi
    help=$(tlsa-update "$command" --help 2>/dev/null)
    case $before in
        --format) mapfile -t COMPREPLY < <(compgen -W "text json zone rfc3597 nsupdate" -- "$word"); return ;;
        --transport) mapfile -t COMPREPLY < <(compgen -W "tcp udp tls" -- "$word"); return ;;
        --read) mapfile -t COMPREPLY < <(compgen -W "query axfr auto" -- "$word"); return ;;
        --ta) mapfile -t COMPREPLY < <(compgen -W "issuer root all" -- "$word"); return ;;
    esac
    if grep -q -- "^  .\{4\}$before FILE " <<<"$help"; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/^  .\{4\}\(--[a-z0-9-]*\) .*/\1/p' <<<"$help")" -- "$word")
    fi
}
complete -o filenames -F _tlsa_update tlsa-update

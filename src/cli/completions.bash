
# The program reads words as they are meant, and bash gives them as they are typed.
_layershare() {
    # Only the shell knows what `with\ sp` and `$HOME/sp` mean.
    if [[ $2 == *[\\\$]* ]]; then
        COMPREPLY=()
        compopt -o default 2> /dev/null
        return
    fi
    # bash takes `--format=h` for three words.
    local index typed=() current=$COMP_CWORD
    for index in "${!COMP_WORDS[@]}"; do
        if ((index > 0 && index < COMP_CWORD)) && [[ ${COMP_WORDS[index]} == = && ${COMP_WORDS[index - 1]} == --* ]]; then
            current=$((current - 1))
        else
            typed+=("${COMP_WORDS[index]}")
        fi
    done
    local COMP_WORDS=("${typed[@]}") COMP_CWORD=$current
    _clap_complete_layershare "$@"
    # As names of files, `with space.layers` is quoted.
    local IFS=
    if [[ ${COMPREPLY[*]-} == *[!a-zA-Z0-9_./+@%-]* ]]; then
        compopt -o filenames 2> /dev/null
    fi
}
if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -o nospace -o bashdefault -o nosort -F _layershare layershare
else
    complete -o nospace -o bashdefault -F _layershare layershare
fi

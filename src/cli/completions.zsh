
# Only the shell knows what `~/sp`, `with\ sp` and `$HOME/sp` mean.
_layershare() {
    if [[ ${words[CURRENT]} == *[\~\\\$\'\"]* ]]; then
        compset -P '--*='
        _files
    else
        _clap_dynamic_completer_layershare
    fi
}

compdef _layershare layershare

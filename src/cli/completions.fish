
# Only the shell knows what `with\ sp` and `$HOME/sp` mean.
complete --command layershare --force-files --condition 'string match --quiet --regex "[\\\\\'\"\$]" -- (commandline --current-token)'

# SPDX-License-Identifier: Apache-2.0
# Completion of cordon(1) for bash. shellcheck shell=bash

_cordon_everywhere="--state --config --policies --log-level --help --version"
_cordon_boxed="--policy --directory --read --write --with --python --no-uv --offline --refresh --env --env-file
    --timeout --cpu --memory --pids --output --allow-host --tty --job --no-server --trace --quiet --json --report"
_cordon_measured="--runs --warmup --compare --phases --sample-interval --csv --chart --profile"

# The options of one command.
_cordon_options() {
    case $1 in
    run) echo "$_cordon_boxed --profile -c $_cordon_everywhere" ;;
    bench) echo "$_cordon_boxed $_cordon_measured -c $_cordon_everywhere" ;;
    exec) echo "$_cordon_boxed $_cordon_everywhere" ;;
    serve) echo "--root --http --unix --trace $_cordon_everywhere" ;;
    check) echo "--json --policy $_cordon_everywhere" ;;
    scripts) echo "$_cordon_boxed --requires-python --overwrite $_cordon_everywhere" ;;
    jobs) echo "--status --limit --follow --stream --max-age --keep-completed --keep-failed --json $_cordon_everywhere" ;;
    env) echo "--with --script --directory --policy --python --offline --refresh --unused --all $_cordon_everywhere" ;;
    policy) echo "--policy --directory --filter --json $_cordon_everywhere" ;;
    mcp) echo "--write --root --name --file --ssh --wsl $_cordon_everywhere" ;;
    *) echo "$_cordon_everywhere" ;;
    esac
}

# The words that may follow a command.
_cordon_words() {
    case $1 in
    policy) echo "list show check diff explain learn" ;;
    jobs) echo "list show output cancel prune export import" ;;
    scripts) echo "list show save run remove" ;;
    env) echo "list make prune export import" ;;
    mcp) echo "config" ;;
    esac
}

# Names of policies: every other line of the list is where one lies.
_cordon_policies() {
    cordon policy list 2>/dev/null | sed -n '/^[^ ]/s/ .*//p'
}

# Names of saved scripts.
_cordon_scripts() {
    cordon scripts list 2>/dev/null | sed 's/ .*//'
}

# Ids of jobs.
_cordon_jobs() {
    cordon jobs list 2>/dev/null | sed 's/ .*//'
}

# What stands after an option; fails where the option takes nothing.
_cordon_value() {
    case $1 in
    --policy) mapfile -t COMPREPLY < <(compgen -W "$(_cordon_policies)" -- "$2"; compgen -f -- "$2") ;;
    --directory | --root | --state | --policies) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    --write)
        [[ $3 != mcp ]] || return 1 # a switch there
        mapfile -t COMPREPLY < <(compgen -f -- "$2")
        ;;
    --read | --file | --script | --env-file | --trace | --report | --config | --unix) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    --env) mapfile -t COMPREPLY < <(compgen -v -- "$2") ;;
    --log-level) mapfile -t COMPREPLY < <(compgen -W "error warn info debug" -- "$2") ;;
    --python) mapfile -t COMPREPLY < <(compgen -W "3.9 3.10 3.11 3.12 3.13" -- "$2") ;;
    --status) mapfile -t COMPREPLY < <(compgen -W "pending running completed failed cancelled" -- "$2") ;;
    --stream) mapfile -t COMPREPLY < <(compgen -W "stdout stderr" -- "$2") ;;
    --limit | --max-age | --unused | --with | --timeout | --cpu | --memory | --pids | --output | --allow-host | --http | --requires-python | --name | --ssh | -c) COMPREPLY=() ;;
    *) return 1 ;;
    esac
}

_cordon() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command="" at
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
        --state | --config | --policies | --log-level) ((at++)) ;; # and its value
        -*) ;;
        *)
            command=${COMP_WORDS[at]}
            break
            ;;
        esac
    done
    _cordon_value "$before" "$current" "$command" && return
    if [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "run exec bench serve check policy jobs scripts env backup restore mcp $_cordon_everywhere" -- "$current")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_cordon_options "$command")" -- "$current")
    elif [[ $command == policy ]] && [[ $before =~ ^(show|diff|explain)$ || ${COMP_WORDS[COMP_CWORD - 2]} == diff ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_cordon_policies)" -- "$current"; compgen -f -- "$current")
    elif [[ $command == jobs && $before =~ ^(show|output|cancel)$ ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_cordon_jobs)" -- "$current")
    elif [[ $command =~ ^(jobs|env)$ && $before == import ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    elif [[ $command == mcp && $before == config ]]; then
        mapfile -t COMPREPLY < <(compgen -W "claude-desktop claude-code cursor vscode codex gemini zed" -- "$current")
    elif [[ $command == scripts && $before =~ ^(show|save|run|remove)$ ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_cordon_scripts)" -- "$current")
    elif [[ $command == scripts && ${COMP_WORDS[COMP_CWORD - 2]} =~ ^(save|run)$ ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    elif [[ -n $(_cordon_words "$command") ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_cordon_words "$command")" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}

complete -o filenames -F _cordon cordon

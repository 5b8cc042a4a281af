# SPDX-License-Identifier: Apache-2.0
# Completion of cordon(1) for fish.

set -l commands run exec bench serve check policy jobs scripts env mcp
set -l boxed '__fish_seen_subcommand_from run exec bench'
complete -c cordon -f -n "not __fish_seen_subcommand_from $commands" -a "$commands"

complete -c cordon -l state -r -a '(__fish_complete_directories)' -d 'where environments and records are kept'
complete -c cordon -l config -r -F -d 'the configuration file'
complete -c cordon -l policies -r -a '(__fish_complete_directories)' -d 'search policies here first'
complete -c cordon -l log-level -x -a 'error warn info debug' -d 'how much is logged'
complete -c cordon -l help -d 'say what there is'
complete -c cordon -l version -d 'say which version this is'

complete -c cordon -n $boxed -l policy -r -F -d 'what the script may do'
complete -c cordon -n $boxed -l directory -r -a '(__fish_complete_directories)' -d 'the workspace'
complete -c cordon -n $boxed -l read -r -F -d 'show more of the host, read-only'
complete -c cordon -n $boxed -l write -r -F -d 'show more of the host, writable'
complete -c cordon -n $boxed -l with -x -d 'install this into the environment'
complete -c cordon -n $boxed -l python -x -a '3.9 3.10 3.11 3.12 3.13' -d 'exactly this interpreter'
complete -c cordon -n $boxed -l no-uv -d 'the plain Python, without an environment'
complete -c cordon -n $boxed -l offline -d 'resolve nothing, install nothing'
complete -c cordon -n $boxed -l refresh -d 'make the environment anew'
complete -c cordon -n $boxed -l env -x -d 'set a variable'
complete -c cordon -n $boxed -l env-file -r -F -d 'set the variables of a dotenv file'
complete -c cordon -n $boxed -l timeout -x -a '10s 30s 1m 5m' -d 'wall-clock limit'
complete -c cordon -n $boxed -l cpu -x -a '10s 30s 1m 5m' -d 'CPU time limit'
complete -c cordon -n $boxed -l memory -x -a '256M 512M 1G' -d 'memory limit'
complete -c cordon -n $boxed -l pids -x -d 'how many processes at once'
complete -c cordon -n $boxed -l output -x -a '64K 1M 16M' -d 'how much output is kept'
complete -c cordon -n $boxed -l allow-host -x -d 'let connections to this host out'
complete -c cordon -n $boxed -l tty -d 'give the script a terminal of its own'
complete -c cordon -n $boxed -l job -d 'record the run as a job'
complete -c cordon -n $boxed -l no-server -d 'start the box here'
complete -c cordon -n $boxed -l trace -r -F -d 'write down what the script asks of the kernel'
complete -c cordon -n $boxed -l quiet -d 'say nothing'
complete -c cordon -n $boxed -l json -d 'the result object instead of the output'
complete -c cordon -n $boxed -l report -r -F -d 'write the result object to a file as well'
complete -c cordon -n '__fish_seen_subcommand_from run bench' -s c -x -d 'run this code'
complete -c cordon -n '__fish_seen_subcommand_from run bench exec' -F

complete -c cordon -n '__fish_seen_subcommand_from serve' -l root -r -a '(__fish_complete_directories)' -d 'a directory that clients may name'
complete -c cordon -n '__fish_seen_subcommand_from serve' -l http -x -d 'serve over HTTP'
complete -c cordon -n '__fish_seen_subcommand_from serve' -l unix -r -F -d 'serve on a Unix socket'
complete -c cordon -n '__fish_seen_subcommand_from check' -l json -d 'the verdicts as JSON'
complete -c cordon -n '__fish_seen_subcommand_from check' -l policy -r -F -d 'the policy that counts'
complete -c cordon -f -n '__fish_seen_subcommand_from policy; and not __fish_seen_subcommand_from list show check diff explain learn' -a 'list show check diff explain learn'
complete -c cordon -n '__fish_seen_subcommand_from policy; and __fish_seen_subcommand_from show diff explain' -a "(cordon policy list 2>/dev/null | string match -r '^[^ ]+')"
complete -c cordon -n '__fish_seen_subcommand_from policy; and __fish_seen_subcommand_from show check diff' -F
complete -c cordon -n '__fish_seen_subcommand_from policy; and __fish_seen_subcommand_from learn' -l policy -r -F -d 'what the command may do'
complete -c cordon -n '__fish_seen_subcommand_from policy; and __fish_seen_subcommand_from learn' -l directory -r -a '(__fish_complete_directories)' -d 'the workspace'
complete -c cordon -f -n '__fish_seen_subcommand_from jobs; and not __fish_seen_subcommand_from list show output cancel prune export import' -a 'list show output cancel prune export import'
complete -c cordon -f -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from show output cancel' -a "(cordon jobs list 2>/dev/null | string match -r '^[^ ]+')"
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from import' -F
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from list' -l status -x -a 'pending running completed failed cancelled' -d 'only jobs of this status'
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from list' -l limit -x -d 'how many are listed'
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from output' -l follow -d 'go on until the job ends'
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from output' -l stream -x -a 'stdout stderr' -d 'only this one'
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from prune' -l max-age -x -d 'what ended longer ago'
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from prune' -l keep-completed -d 'prune no completed jobs'
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from prune' -l keep-failed -d 'prune no failed jobs'
complete -c cordon -n '__fish_seen_subcommand_from jobs; and __fish_seen_subcommand_from list show prune' -l json -d 'an object'
complete -c cordon -f -n '__fish_seen_subcommand_from scripts; and not __fish_seen_subcommand_from list show save run remove' -a 'list show save run remove'
complete -c cordon -f -n '__fish_seen_subcommand_from scripts; and __fish_seen_subcommand_from show save run remove' -a "(cordon scripts list 2>/dev/null | string match -r '^[^ ]+')"
complete -c cordon -n '__fish_seen_subcommand_from scripts; and __fish_seen_subcommand_from save' -F
complete -c cordon -n '__fish_seen_subcommand_from scripts; and __fish_seen_subcommand_from save' -l with -x -d 'a requirement for the header'
complete -c cordon -n '__fish_seen_subcommand_from scripts; and __fish_seen_subcommand_from save' -l requires-python -x -d 'versions for the header'
complete -c cordon -n '__fish_seen_subcommand_from scripts; and __fish_seen_subcommand_from save' -l overwrite -d 'replace a saved script of that name'
complete -c cordon -n '__fish_seen_subcommand_from scripts; and __fish_seen_subcommand_from list' -l json -d 'an object'
complete -c cordon -f -n '__fish_seen_subcommand_from env; and not __fish_seen_subcommand_from export import' -a 'list make prune export import'
set -l make '__fish_seen_subcommand_from env; and __fish_seen_subcommand_from make'
complete -c cordon -n $make -l with -x -d 'make one with this'
complete -c cordon -n $make -l script -r -F -d 'make what this script asks for'
complete -c cordon -n $make -l directory -r -a '(__fish_complete_directories)' -d 'make what the project in it asks for'
complete -c cordon -n $make -l policy -r -F -d 'whose builds and infer count'
complete -c cordon -n $make -l python -x -d 'exactly this interpreter'
complete -c cordon -n $make -l offline -d 'make nothing'
complete -c cordon -n $make -l refresh -d 'make it anew'
complete -c cordon -n '__fish_seen_subcommand_from env; and __fish_seen_subcommand_from prune' -l unused -x -d 'what was not used for so long'
complete -c cordon -n '__fish_seen_subcommand_from env; and __fish_seen_subcommand_from prune' -l all -d 'all that nobody uses'
complete -c cordon -n '__fish_seen_subcommand_from env; and __fish_seen_subcommand_from export import' -F
complete -c cordon -f -n '__fish_seen_subcommand_from mcp' -a config

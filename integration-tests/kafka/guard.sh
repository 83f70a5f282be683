# Runs a command and makes sure that it goes away: sh guard.sh DIR LOG COMMAND ARGS..
#
# The test process holds the other end of our stdin. When that end closes, however the process died (SIGKILL too),
# the command is killed and DIR removed. Until then each line is a signal to send to the command (TERM, KILL, STOP,
# CONT), or `keep`: leave DIR alone at the end. Prints the pid; our stdout stays open, through the command's descriptor
# 3, for exactly as long as the command lives.
dir=$1 log=$2
shift 2
"$@" 3>&1 >>"$log" 2>&1 </dev/null &
child=$!
echo "$child"
exec >&-
while read -r word; do
  case $word in
    keep) dir= ;;
    *) kill -"$word" "$child" ;;
  esac
done
kill -KILL "$child"
wait "$child"
[ -z "$dir" ] || rm -rf "$dir"

# Runs a command and makes sure that it goes away: sh guard.sh DIR LOG COMMAND ARGS..
#
# The test process holds the other end of our stdin. When that end closes, however the process died (SIGKILL too),
# the command is killed and DIR removed. Until then each line is a signal to send to the command (TERM, KILL, STOP,
# INT, CONT), or `keep`: leave DIR alone at the end, or `wait`: write the command's exit code to our stderr, and nothing
# else is written there. Prints the pid; our stdout stays open, through the command's descriptor 3, for exactly as long
# as the command lives.
dir=$1 log=$2
shift 2
"$@" 3>&1 >>"$log" 2>&1 </dev/null &
child=$!
echo "$child"
exec >&-
while read -r word; do
  case $word in
    keep) dir= ;;
    wait)
      wait "$child" 2>/dev/null
      echo $? >&2
      # Its number may be another process's from now on.
      child=
      ;;
    *) [ -z "$child" ] || kill -"$word" "$child" 2>/dev/null ;;
  esac
done
if [ -n "$child" ]; then
  kill -KILL "$child" 2>/dev/null
  wait "$child" 2>/dev/null
fi
[ -z "$dir" ] || rm -rf "$dir"

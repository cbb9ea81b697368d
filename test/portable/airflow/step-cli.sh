#!/bin/sh
# A stub of `ysh-pipeline step`: a process like the real one, with its arguments, files and exit codes. The work is done by the scripted
# runtime in the test's own process (YSH_STUB_PORT), which answers 200, or 400 and the exit code.
all="$*"
while [ $# -gt 0 ]; do
  [ "$1" = --out ] && out="$2"
  shift
done
echo "a line before the result" >&2
code=$(curl -sS -o "$out" -w '%{http_code}' -H "x-arguments: $all" --data-binary @- "http://127.0.0.1:$YSH_STUB_PORT/") || exit 1
echo '{"a line": "behind the result"}'
[ "$code" = 200 ] || exit $((code - 400))

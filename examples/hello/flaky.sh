#!/bin/sh
# Works for a while, then fails with an exit code of its own.
for step in 1 2 3; do
  echo "step $step of 3"
  sleep 1
done
echo "out of luck" >&2
exit 3

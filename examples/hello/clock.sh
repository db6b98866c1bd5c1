#!/bin/sh
# A clock that draws over its own screen. On SIGTERM it says goodbye and goes.
trap 'printf "\033[0m\033[?25h\nbye\n"; exit 0' TERM INT
printf '\033[?25l\033[2J'
while true; do
  printf '\033[2;4H\033[1;36m%s\033[0m' "$(date '+%H:%M:%S')"
  printf '\033[4;4H\033[2mdrawn by process %s on %s\033[0m' "$$" "$TERM"
  sleep 1 &
  wait $!
done

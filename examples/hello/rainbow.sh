#!/bin/sh
# Prints log lines in changing colours, for ever.
count=0
while true; do
  count=$((count + 1))
  case $((count % 4)) in
    0) level='ERROR' color=31 message='the cache is cold' ;;
    1) level='INFO ' color=32 message='listening' ;;
    2) level='WARN ' color=33 message='a slow query' ;;
    3) level='DEBUG' color=34 message='nothing to do' ;;
  esac
  printf '\033[2m%04d\033[0m \033[1;%sm%s\033[0m %s\n' "$count" "$color" "$level" "$message"
  sleep 0.5
done

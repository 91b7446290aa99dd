#!/bin/sh
# Whatever the simulator runs must get time, chance and threads from its doors: its libraries must
# not refer to the system's.
set -eu
banned='clock_gettime|gettimeofday|clock_nanosleep|nanosleep|usleep|getrandom|getentropy|arc4random'
banned="$banned|pthread_create|srand|rand|random|drand48|time|timespec_get"
banned="$banned|_ZNSt13random_device.*|_ZNSt6chrono.*_clock3nowEv|_ZNSt6thread.*"
found=$(nm -A --undefined-only "$@" | grep -E " U ($banned)(@.*)?\$" || true)
if [ -n "$found" ]; then
    printf 'simulated code that reaches around its doors:\n%s\n' "$found"
    exit 1
fi

#!/usr/bin/env bash
# A few of the tests call Apache Kafka's script of this name; here our own commands do what it is asked for.
set -euo pipefail
command=
name=
options=()
while [ $# -gt 0 ]; do
    case $1 in
        --create | --alter | --delete) command=${1#--} ;;
        --topic) name=$2; shift ;;
        --bootstrap-server) options+=(--bootstrap "$2"); shift ;;
        --replication-factor) options+=(--replication "$2"); shift ;;
        --partitions | --config) options+=("$1" "$2"); shift ;;
        *) echo "kafka-topics.sh: $1 is not known here" >&2; exit 1 ;;
    esac
    shift
done
exec "$SLUICE" topic "$command" "$name" "${options[@]}"

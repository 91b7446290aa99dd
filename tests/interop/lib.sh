# Shared by the rows: a broker of their own, started, killed and started again.
set -euo pipefail
: "${SLUICE:?}" "${WORK:?}"
broker_pid=

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_broker [options]: on 127.0.0.1:$port with its data in $WORK/data; returns once it is ready.
start_broker() {
    : "${port:=$(free_port)}"
    "$SLUICE" server --listen "127.0.0.1:$port" --data "$WORK/data" --shards 2 "$@" 2>>"$WORK/broker.log" &
    broker_pid=$!
    local lines=${ready_lines:-0}
    for _ in $(seq 300); do
        if [ "$(grep -c ' info ready ' "$WORK/broker.log")" -gt "$lines" ]; then
            ready_lines=$((lines + 1))
            return 0
        fi
        kill -0 "$broker_pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "the broker did not start:"; tail -20 "$WORK/broker.log"
    return 1
}

kill_broker() { kill -9 "$broker_pid"; wait "$broker_pid" 2>/dev/null || true; broker_pid=; }

# Asks it to stop and checks that it says it stopped cleanly.
stop_broker() {
    kill -TERM "$broker_pid"
    local status=0
    wait "$broker_pid" || status=$?
    broker_pid=
    [ "$status" = 0 ] || { echo "the broker's exit code is $status"; tail -20 "$WORK/broker.log"; return 1; }
}

cleanup() { [ -z "$broker_pid" ] || kill -9 "$broker_pid" 2>/dev/null || true; }
trap cleanup EXIT

skip() { echo "$*"; exit 77; }

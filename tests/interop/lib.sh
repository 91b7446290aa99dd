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
    touch "$WORK/broker.log"
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

# What rows install is kept here, a folder for each set of pinned versions, so that only the first run fetches it.
cache=${SLUICE_CACHE:-$HOME/.cache/sluice-interop}

# keep NAME COMMAND...: runs the command, which fills the folder $kept, unless an earlier run finished doing so. Of rows
# that want the same one does it.
keep() {
    kept=$cache/$1
    shift
    [ -f "$kept/.complete" ] && return 0
    mkdir -p "$cache"
    local lock status=0
    exec {lock}>"$kept.lock"
    flock "$lock"
    if [ ! -f "$kept/.complete" ]; then
        rm -rf "$kept"
        mkdir -p "$kept"
        "$@" >"$WORK/install.log" 2>&1 && touch "$kept/.complete" || status=1
    fi
    exec {lock}>&-
    return $status
}

# python_with PACKAGE==VERSION...: $python is an interpreter with just these.
python_with() {
    keep "python-$(echo "$*" | tr ' ' '+')" install_python "$@" || skip "PyPI did not give $*: $(tail -1 "$WORK/install.log")"
    python=$kept/bin/python
}
install_python() {
    python3 -m venv "$kept" && "$kept/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$@"
}

# npm_with PACKAGE@VERSION: it is in $kept/node_modules.
npm_with() {
    command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are not installed"
    keep "node-${1/@/-}" install_npm "$1" || skip "npm did not give $1: $(tail -1 "$WORK/install.log")"
    export NODE_PATH=$kept/node_modules
}
install_npm() {
    (cd "$kept" && echo '{"private":true}' >package.json && npm install --silent --no-audit --no-fund "$1")
}

# go_client FOLDER: $client is the program in clients/FOLDER, built again when it or its modules change.
go_client() {
    command -v go >/dev/null || skip "go is not installed"
    case $(GOTOOLCHAIN=local go version | grep -oE 'go1\.[0-9]+') in
        go1.? | go1.1? | go1.2[0-5]) skip "$1 needs go 1.26 or newer, here is $(GOTOOLCHAIN=local go env GOVERSION)" ;;
    esac
    keep "$1-$(cat "clients/$1"/* | sha256sum | head -c 16)" install_go_client "$1" ||
        skip "the Go module proxy did not give what $1 needs, or it does not build: $(tail -1 "$WORK/install.log")"
    client=$kept/interop
}
install_go_client() {
    cp "clients/$1"/* "$kept"
    (cd "$kept" && GOTOOLCHAIN=local GOFLAGS=-mod=mod GOBIN=$kept go build -p 2 -o interop .)
}

# payload FILE [BYTES]: lines that people and programs wrote, none empty: the word list, dpkg's log, this project's history.
payload() {
    {
        cat /usr/share/dict/words /var/log/dpkg.log 2>/dev/null || true
        git -C ../.. log -p 2>/dev/null || true
    } | iconv -f utf-8 -t utf-8 -c | tr -d '\r\0' | grep -v '^$' | head -c "${2:-4000000}" | sed '$d' >"$1" || true
    [ -s "$1" ] || skip "there is neither a word list nor a history to send"
}

# same A B WHAT: the two files hold the same bytes.
same() { cmp "$1" "$2" || { echo "$3: what was read is not what was written"; return 1; }; }

# says FILE PATTERN...: every pattern (grep -E) is on a line of the file.
says() {
    local file=$1 pattern
    shift
    for pattern in "$@"; do
        grep -qE -- "$pattern" "$file" || { echo "no line like '$pattern' in:"; head -60 "$file"; return 1; }
    done
}

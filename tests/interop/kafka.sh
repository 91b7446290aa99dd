# Shared by the rows that run Apache Kafka itself: its tools, its broker, its libraries.
. ./lib.sh
command -v java >/dev/null || skip "java is not installed"
install_kafka() {
    mvn -q -B -f clients/kafka-tools/pom.xml dependency:copy-dependencies -DoutputDirectory="$kept/libs"
}
[ -f "$cache/kafka-tools-4.3.1/.complete" ] || command -v mvn >/dev/null || skip "mvn is not installed"
keep kafka-tools-4.3.1 install_kafka || skip "Maven did not give kafka-tools 4.3.1: $(tail -1 "$WORK/install.log")"
libs=$kept/libs

# tool CLASS ARGUMENTS...: what it prints is also in $WORK/out.
tool() {
    local class=$1 status=0
    shift
    timeout 60 java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Xmx256m \
        -Dlog4j2.configurationFile=clients/kafka-tools/log4j2.properties -cp "$libs/*" "$class" "$@" \
        >"$WORK/out" 2>"$WORK/err" || status=$?
    return $status
}

# must COMMAND...: shows what the tool printed when it fails.
must() { "$@" || { echo "$*"; cat "$WORK/out" "$WORK/err"; return 1; }; }

# dump FILES...: Apache Kafka's reader of the files on disk; it is silent about what is sound.
dump() {
    must tool org.apache.kafka.tools.DumpLogSegments "$@" || return 1
    ! grep -v '^| offset: ' "$WORK/out" | grep -iE 'mismatch|out of order|not valid|invalid|isvalid: false'
}

# start_kafka DIRECTORY PORT: one broker and controller, its data in DIRECTORY/data; returns once it answers.
start_kafka() {
    local directory=$1 at=$2 properties=$1/server.properties
    mkdir -p "$directory"
    cat >"$properties" <<P
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$at,CONTROLLER://127.0.0.1:$(free_port)
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$directory/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
P
    sed -n 's/.*CONTROLLER:\/\/\([^,]*\)$/controller.quorum.bootstrap.servers=\1/p' "$properties" >>"$properties"
    [ -f "$directory/data/meta.properties" ] ||
        must tool kafka.tools.StorageTool format -t "${KAFKA_CLUSTER:-MkU3OEVBNTcwNTJENDM2Qk}" -c "$properties" --standalone
    java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m -cp "$libs/*" \
        -Dlog4j2.configurationFile=clients/kafka-tools/log4j2.properties \
        kafka.Kafka "$properties" >"$directory/server.log" 2>&1 &
    kafka_pid=$!
    for _ in $(seq 150); do
        timeout 2 kcat -b "127.0.0.1:$at" -L >/dev/null 2>&1 && return 0
        kill -0 "$kafka_pid" 2>/dev/null || break
        sleep 0.2
    done
    echo "Apache Kafka did not start:"; tail -20 "$directory/server.log"
    return 1
}

# stop_kafka [SIGNAL]: cleanly, or as told.
stop_kafka() {
    kill "-${1:-TERM}" "$kafka_pid"
    wait "$kafka_pid" 2>/dev/null || true
    kafka_pid=
}
kafka_pid=
trap 'cleanup; [ -z "$kafka_pid" ] || kill -9 "$kafka_pid" 2>/dev/null || true' EXIT

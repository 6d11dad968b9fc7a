#!/usr/bin/env bash
# Kills leaders of a real cluster while etcdctl writes to it, and then looks for every acknowledged
# write on every node. README.md beside this file says what is checked; npm ci comes first.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly puts=2000 batch=250 lanes=4 fewest=1500
readonly patience_seconds=60
export ETCDCTL_API=3
# The workspace's own Node first.
export PATH="$PWD/node_modules/.bin:$PATH"

if ! command -v etcdctl >/dev/null; then
  echo 'skipped: needs etcdctl (Debian package etcd-client)'
  exit 0
fi

directory=$(mktemp -d)
readonly directory cluster=$directory/cluster
up_pid=''
lane_pids=()

# Ends only what this script has started.
clean_up() {
  local code=$? pid
  trap '' INT TERM
  trap - EXIT
  for pid in "${lane_pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ -n "$up_pid" ]; then
    kill "$up_pid" 2>/dev/null || true
    wait "$up_pid" 2>/dev/null || true
    # It stops its nodes before it ends; had it been killed, they would end soon after it.
    for pid in $(node_pids 2>/dev/null); do await_end "$pid"; done
    [ "$code" != 1 ] || show_logs
  fi
  rm -rf "$directory"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "check failed: $1" >&2
  exit 1
}

await_end() {
  local polls=0
  while kill -0 "$1" 2>/dev/null; do
    polls=$((polls + 1))
    [ "$polls" -lt 100 ] || kill -KILL "$1" 2>/dev/null || true
    sleep 0.1
  done
}

show_logs() {
  echo '-- the end of what the cluster said:' >&2
  tail -n 20 "$directory/up" >&2 || true
  tail -n 5 "$cluster"/n*/log >&2 || true
}

# What cluster.json says; $1 is an expression over its content, `it`.
record() {
  node -p "const it = JSON.parse(fs.readFileSync(process.argv[1], 'utf8')); $1" \
    "$cluster/cluster.json"
}

node_pids() {
  record "it.nodes.flatMap((node) => node.process?.pid ?? []).join(' ')"
}

# A client port such that it, its neighbour and those 100 and 200 above are free. Below 32768, for
# a node that is started again must not find its port lent to somebody's outgoing connection.
free_port() {
  node -e "
    const { createServer } = require('node:net');
    const isFree = (port) => new Promise((resolve) => {
      const server = createServer().once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    (async () => {
      for (;;) {
        const first = 10_000 + 2 * Math.floor(Math.random() * 11_000);
        const ports = [0, 1, 100, 101, 200, 201].map((offset) => first + offset);
        const free = [];
        for (const port of ports) free.push(await isFree(port));
        if (free.every((each) => each)) return console.log(first);
      }
    })();
  "
}

start_cluster() {
  local port deadline=$((SECONDS + patience_seconds))
  port=$(free_port)
  endpoints=("127.0.0.1:$port" "127.0.0.1:$((port + 100))" "127.0.0.1:$((port + 200))")
  : >"$directory/up"
  # What `npm run quorate` runs, without npm in between: npm would keep signals to itself.
  node packages/cli/src/bin.ts up --nodes 3 --data-dir "$cluster" --client-port "$port" --json \
    >"$directory/up" 2>&1 &
  up_pid=$!
  until grep -q '"event":"clusterUp"' "$directory/up"; do
    kill -0 "$up_pid" 2>/dev/null || fail 'the cluster did not start'
    [ "$SECONDS" -lt "$deadline" ] || fail "the cluster was not up in $patience_seconds s"
    sleep 0.2
  done
  echo "three nodes up: ${endpoints[*]}"
}

try_every_endpoint() {
  local endpoint answer
  for endpoint in "${endpoints[@]}"; do
    answer=$(etcdctl --endpoints="$endpoint" put "greeting/$endpoint" 'hello, world')
    [ "$answer" = OK ] || fail "put through $endpoint printed '$answer'"
    answer=$(etcdctl --endpoints="$endpoint" get "greeting/$endpoint" --print-value-only)
    [ "$answer" = 'hello, world' ] || fail "get through $endpoint printed '$answer'"
  done
  echo 'put and get through each endpoint: as expected'
}

# Puts every lanes-th key from $1 up to $2, and notes down which puts were acknowledged. The
# endpoint that is named first changes, so that each node gets its share.
put_lane() {
  local i key order answer
  for ((i = $1; i <= $2; i += lanes)); do
    key=$(printf 'key/%04d' "$i")
    order="${endpoints[i % 3]},${endpoints[(i + 1) % 3]},${endpoints[(i + 2) % 3]}"
    answer=$(etcdctl --endpoints="$order" --command-timeout=3s put "$key" "value-$i" 2>&1) || true
    if [ "$answer" = OK ]; then
      echo "$key value-$i" >>"$directory/acknowledged.$3"
    else
      echo "$key ${answer//$'\n'/ }" >>"$directory/unknown.$3"
    fi
  done
}

kill_leader() {
  local name_and_pid deadline=$((SECONDS + patience_seconds))
  until name_and_pid=$(record "it.leader ? it.leader.name + ' ' + it.leader.pid : ''") &&
    [ -n "$name_and_pid" ]; do
    [ "$SECONDS" -lt "$deadline" ] || fail "no leader for $patience_seconds s"
    sleep 0.2
  done
  kill -KILL "${name_and_pid#* }"
  echo "killed the leader, ${name_and_pid% *}, after put $1"
}

put_all() {
  local from lane pid
  : >"$directory/acknowledged.0"
  : >"$directory/unknown.0"
  for ((from = 0; from < puts; from += batch)); do
    lane_pids=()
    for ((lane = 1; lane <= lanes; lane++)); do
      put_lane $((from + lane)) $((from + batch)) "$lane" &
      lane_pids+=($!)
    done
    # The lanes are running: this kill meets puts that are on their way.
    case $from in 500 | 1000 | 1500) kill_leader "$from" ;; esac
    for pid in "${lane_pids[@]}"; do wait "$pid"; done
    lane_pids=()
    acknowledged=$(cat "$directory"/acknowledged.* | wc -l)
    echo "$((from + batch)) puts, $acknowledged acknowledged"
  done
  sort "$directory"/acknowledged.* >"$directory/acknowledged"
  if [ "$acknowledged" -lt "$puts" ]; then
    echo "$((puts - acknowledged)) puts with an unknown outcome; what etcdctl said of the first:"
    sort "$directory"/unknown.* | sed -n '1s/^\(.\{400\}\).*/\1/;1p'
  fi
}

# One line a key of what $1 itself holds as of revision $2: key, value, mod revision, version.
dump() {
  etcdctl --endpoints="$1" --command-timeout=10s get key/ --prefix --consistency=s --rev="$2" \
    -w fields | awk -F' : ' '
      function unquoted(text) { return substr(text, 2, length(text) - 2) }
      $1 == "\"Key\"" { key = unquoted($2) }
      $1 == "\"ModRevision\"" { revision = $2 }
      $1 == "\"Version\"" { version = $2 }
      $1 == "\"Value\"" { print key, unquoted($2), revision, version }
    '
}

# The revision of the cluster, by a read through $1 that waits until that node has caught up.
caught_up() {
  local answer deadline=$((SECONDS + patience_seconds))
  until answer=$(etcdctl --endpoints="$1" --dial-timeout=2s --command-timeout=5s \
    get key/ --prefix --limit=1 -w fields 2>"$directory/refusal"); do
    [ "$SECONDS" -lt "$deadline" ] || fail "$1 does not answer: $(cat "$directory/refusal")"
    sleep 0.3
  done
  awk -F' : ' '$1 == "\"Revision\"" { print $2 }' <<<"$answer"
}

# Prints how many acknowledged puts are missing, or have another value, on at least one node.
count_lost() {
  local endpoint revision lost=''
  revision=$(caught_up "${endpoints[0]}")
  for endpoint in "${endpoints[@]}"; do
    caught_up "$endpoint" >/dev/null
    dump "$endpoint" "$revision" >"$directory/dump.${endpoint#*:}"
    lost+=$(
      cut -d' ' -f1,2 "$directory/dump.${endpoint#*:}" | sort |
        comm -23 "$directory/acknowledged" -
    )$'\n'
  done
  sort -u <<<"$lost" | grep -c . || true
}

# The three nodes agree on every key to the letter, and no put has been carried out twice.
check_agreement() {
  local first=$directory/dump.${endpoints[0]#*:} endpoint
  for endpoint in "${endpoints[@]:1}"; do
    diff "$first" "$directory/dump.${endpoint#*:}" >"$directory/difference" ||
      fail "${endpoints[0]} and $endpoint differ: $(sed -n 1,5p "$directory/difference")"
  done
  awk '$4 != 1 { exit 1 }' "$first" || fail 'a put has been carried out more than once'
}

verify() {
  local lost
  lost=$(count_lost)
  result="$acknowledged acknowledged, $lost lost"
  if [ "$lost" != 0 ]; then
    echo "$result"
    fail "acknowledged writes are lost"
  fi
  check_agreement
}

power_cut() {
  local before
  before=$(node_pids)
  # shellcheck disable=SC2086 # the pids are words
  kill -KILL $before
  echo "killed all nodes at once: $before"
}

start_cluster
try_every_endpoint
put_all
verify
echo "on each of the three nodes: $result"
power_cut
verify
echo "after a power cut of all nodes: $result"
[ "$acknowledged" -ge "$fewest" ] || fail "only $acknowledged of $puts puts were acknowledged"
echo "$result"

#!/usr/bin/env bash
# Takes the same data out of Quorate into etcd and back the other way, by snapshot files, and
# compares all that a client can see. README.md says what; npm ci comes first.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly patience_seconds=60
export ETCDCTL_API=3
# The workspace's own Node first.
export PATH="$PWD/node_modules/.bin:$PATH"

if ! command -v etcdctl >/dev/null || ! command -v etcd >/dev/null; then
  echo 'skipped: needs etcd and etcdctl (Debian packages etcd-server and etcd-client)'
  exit 0
fi

directory=$(mktemp -d)
readonly directory
pids=()

# Ends only what this script has started.
clean_up() {
  local code=$? pid
  trap '' INT TERM
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  [ "$code" != 1 ] || tail -n 8 "$directory"/*.log >&2 || true
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

quorate() {
  node packages/cli/src/bin.ts "$@"
}

# Ports below 32768: not lent to anybody's outgoing connection before they are listened on.
free_ports() {
  node -e "
    const { createServer } = require('node:net');
    const isFree = (port) => new Promise((resolve) => {
      const server = createServer().once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    (async () => {
      for (;;) {
        const first = 10_000 + Math.floor(Math.random() * 22_000);
        const ports = Array.from({ length: $1 }, (_, at) => first + at);
        const free = [];
        for (const port of ports) free.push(await isFree(port));
        if (free.every((each) => each)) return console.log(ports.join(' '));
      }
    })();
  "
}

# Waits until $1 answers a linearizable read; $2 is the pid behind it.
await_serving() {
  local deadline=$((SECONDS + patience_seconds))
  until etcdctl --endpoints="127.0.0.1:$1" "${user[@]}" --command-timeout=2s \
    get nothing >/dev/null 2>&1; do
    kill -0 "$2" 2>/dev/null || fail "what was to serve at port $1 has ended"
    [ "$SECONDS" -lt "$deadline" ] || fail "nobody serves at port $1 after $patience_seconds s"
    sleep 0.2
  done
}

# $1 name, $2 data directory, $3 client port, $4 peer port
start_etcd() {
  etcd --name "$1" --data-dir "$2" --log-outputs stderr \
    --listen-client-urls "http://127.0.0.1:$3" --advertise-client-urls "http://127.0.0.1:$3" \
    --listen-peer-urls "http://127.0.0.1:$4" --initial-advertise-peer-urls "http://127.0.0.1:$4" \
    --initial-cluster "$1=http://127.0.0.1:$4" >"$directory/$1.log" 2>&1 &
  pids+=($!)
  await_serving "$3" $!
}

# $1 name, $2 data directory, $3 client port, $4 peer port, $5 members, $6 token
start_quorate() {
  # Not by the function: its process would be the shell around it, and outlive a kill.
  node packages/cli/src/bin.ts serve --name "$1" --data-dir "$2" --log-level warn \
    --listen-client-urls "http://127.0.0.1:$3" --listen-peer-urls "http://127.0.0.1:$4" \
    --initial-cluster "$5" --initial-cluster-token "$6" >"$directory/$1.log" 2>&1 &
  pids+=($!)
}

# What there is to take along: old versions, deletions, transactions, a compaction, leases, users.
write_data() {
  local client=(etcdctl --endpoints="127.0.0.1:$1") i lease
  for i in 1 2 3 4 5 6; do "${client[@]}" put "key/$i" "first $i" >/dev/null; done
  for i in 2 3; do "${client[@]}" put "key/$i" "second $i" >/dev/null; done
  "${client[@]}" del key/4 >/dev/null
  printf '%s\n' '' 'put txn/a "one"' 'put txn/b "two"' 'del key/5' '' '' |
    "${client[@]}" txn >/dev/null
  "${client[@]}" compact 8 >/dev/null
  lease=$("${client[@]}" lease grant 3600 | awk '{ print $2 }')
  "${client[@]}" put leased/key held --lease="$lease" >/dev/null
  "${client[@]}" put key/4 'again' >/dev/null
  "${client[@]}" put key/big "$(head -c 100000 /dev/zero | tr '\0' x)" >/dev/null
  "${client[@]}" user add root:secret >/dev/null
  "${client[@]}" role add reader >/dev/null
  "${client[@]}" role grant-permission reader read key/ --prefix=true >/dev/null
  "${client[@]}" user add ann:hers >/dev/null
  "${client[@]}" user grant-role ann reader >/dev/null
  "${client[@]}" user grant-role root root >/dev/null
  "${client[@]}" auth enable >/dev/null
}

# All that can be seen at port $1: keys now and at revision 9, what happened since, leases, users.
dump() {
  local client=(etcdctl --endpoints="127.0.0.1:$1" --user root:secret) lease
  local fields='"(Key|CreateRevision|ModRevision|Version|Value|Lease)"'
  echo 'now:'
  "${client[@]}" get '' --prefix -w fields | grep -E "$fields"
  echo 'at revision 9:'
  "${client[@]}" get '' --prefix --rev=9 -w fields | grep -E "$fields"
  echo 'since revision 9:'
  events "$1" 9
  echo 'leases:'
  for lease in $("${client[@]}" lease list | sed 1d); do
    "${client[@]}" lease timetolive "$lease" --keys | sed 's/remaining([0-9]*s)//'
  done
  echo 'users:'
  "${client[@]}" user list
  "${client[@]}" role get reader
  etcdctl --endpoints="127.0.0.1:$1" --user ann:hers get key/1 --print-value-only
  refused "$1" ann:hers put key/1 x
  refused "$1" ann:wrong get key/1
}

# What the server says, which has to refuse.
refused() {
  local answer
  if answer=$(etcdctl --endpoints="127.0.0.1:$1" --user "$2" "${@:3}" 2>&1); then
    fail "port $1 lets $2 ${*:3}"
  fi
  grep -oE 'permission denied|authentication failed' <<<"$answer"
}

# The events at port $1 from revision $2 on: a watch, ended when its last one has come.
events() {
  local file=$directory/events.$1 pid deadline=$((SECONDS + patience_seconds))
  : >"$file"
  etcdctl --endpoints="127.0.0.1:$1" --user root:secret watch '' --prefix --rev="$2" >"$file" 2>&1 &
  pid=$!
  pids+=("$pid")
  until grep -q '^key/big$' "$file"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "no events at port $1: $(head -c 300 "$file")"
    sleep 0.1
  done
  sleep 0.2
  kill "$pid"
  wait "$pid" 2>/dev/null || true
  cat "$file"
}

same() {
  diff "$directory/$1.dump" "$directory/$2.dump" >"$directory/difference" ||
    fail "$1 and $2 differ: $(cut -c 1-200 "$directory/difference" | head -n 8)"
}

# What etcdctl says of a file, and what quorate says of it.
check_status() {
  local theirs ours
  theirs=$(etcdctl snapshot status "$1" -w json | node -p "
    const { hash, revision, totalKey, totalSize } = JSON.parse(fs.readFileSync(0, 'utf8'));
    [hash, revision, totalKey, totalSize].join(' ')")
  ours=$(quorate snapshot status "$1" --json | node -p "
    const { hash, revision, totalKey, totalSize } = JSON.parse(fs.readFileSync(0, 'utf8'));
    [hash, revision, totalKey, totalSize].join(' ')")
  [ "$theirs" = "$ours" ] || fail "status of $1: etcdctl says $theirs, quorate $ours"
}

move_out() {
  start_quorate q "$directory/q" "${ports[0]}" "${ports[1]}" "q=http://127.0.0.1:${ports[1]}" home
  await_serving "${ports[0]}" $!
  write_data "${ports[0]}"
  dump "${ports[0]}" >"$directory/q.dump"
  quorate snapshot save "$directory/q.db" --endpoints "127.0.0.1:${ports[0]}" --user root:secret
  etcdctl --endpoints="127.0.0.1:${ports[0]}" --user root:secret \
    snapshot save "$directory/q-etcdctl.db" >/dev/null 2>&1
  check_status "$directory/q.db"
  check_status "$directory/q-etcdctl.db"
  local peer="http://127.0.0.1:${ports[3]}" file
  etcdctl snapshot restore "$directory/q-etcdctl.db" --name e-out --data-dir "$directory/e-out" \
    --initial-cluster "e-out=$peer" --initial-advertise-peer-urls "$peer" >/dev/null 2>&1
  user=(--user root:secret)
  start_etcd e-out "$directory/e-out" "${ports[2]}" "${ports[3]}"
  dump "${ports[2]}" >"$directory/e-out.dump"
  same q e-out
  file=$(wc -l <"$directory/q.dump")
  echo "out: Quorate, etcdctl snapshot save, etcd: the same, $file lines"
}

move_in() {
  user=()
  start_etcd e-in "$directory/e-in" "${ports[4]}" "${ports[5]}"
  write_data "${ports[4]}"
  dump "${ports[4]}" >"$directory/e-in.dump"
  etcdctl --endpoints="127.0.0.1:${ports[4]}" --user root:secret \
    snapshot save "$directory/e.db" >/dev/null 2>&1
  check_status "$directory/e.db"
  quorate backup verify "$directory/e.db"
  user=(--user root:secret)
  local members="one=http://127.0.0.1:${ports[7]}"
  restore one "$members" alone
  start_quorate one "$directory/one" "${ports[6]}" "${ports[7]}" "$members" alone
  await_serving "${ports[6]}" $!
  dump "${ports[6]}" >"$directory/one.dump"
  same e-in one
  echo 'in: etcd, etcdctl snapshot save, Quorate with one member: the same'
}

# $1 name, $2 members, $3 token
restore() {
  quorate snapshot restore "$directory/e.db" --name "$1" --data-dir "$directory/$1" \
    --initial-cluster "$2" --initial-cluster-token "$3" \
    --initial-advertise-peer-urls "$(tr , '\n' <<<"$2" | sed -n "s/^$1=//p")" >/dev/null
}

move_in_three() {
  local at members=''
  for at in 1 2 3; do members+=",n$at=http://127.0.0.1:${ports[7 + 2 * at]}"; done
  members=${members#,}
  for at in 1 2 3; do restore "n$at" "$members" three; done
  for at in 1 2 3; do
    start_quorate "n$at" "$directory/n$at" "${ports[6 + 2 * at]}" "${ports[7 + 2 * at]}" \
      "$members" three
  done
  for at in 1 2 3; do
    await_serving "${ports[6 + 2 * at]}" "${pids[-1]}"
    dump "${ports[6 + 2 * at]}" >"$directory/n$at.dump"
    same e-in "n$at"
  done
  etcdctl --endpoints="127.0.0.1:${ports[8]}" --user root:secret put after/restore yes >/dev/null
  local answer
  answer=$(etcdctl --endpoints="127.0.0.1:${ports[12]}" --user root:secret \
    get after/restore --print-value-only)
  [ "$answer" = yes ] || fail "the third member read '$answer'"
  echo 'in: the same file, Quorate with three members: the same on each, and they go on'
}

user=()
read -r -a ports <<<"$(free_ports 14)"
readonly ports
move_out
move_in
move_in_three
echo 'round trips: all the same'

/** What each help page says behind its list of options: examples, environment, exit codes. */

export const programHelp = `
Examples:
  quorate up                                three nodes on this machine
  quorate put greeting hello                write a key
  quorate get greeting                      read it
  quorate status --cluster                  who leads, how far each node is
  quorate new my-service                    a project with a state machine of your own

Environment:
  QUORATE_ENDPOINTS  the nodes that status, put, get and del talk to
  QUORATE_CONFIG     the file that serve reads
  QUORATE_...        every setting of serve: --data-dir is QUORATE_DATA_DIR
  NO_COLOR           print without colours

Exit codes:
  0  done
  1  failed, refused, unhealthy, or outcome unknown (standard error says which)
  2  wrong usage: an unknown command or flag, a missing argument

quorate COMMAND --help says more about each command.
`;

const clientEnvironment = `
Environment:
  QUORATE_ENDPOINTS  used when --endpoints is not given`;

const writeExit = `
Exit codes:
  0  written
  1  refused, or nobody answered: nothing has changed; or "outcome unknown": it may have
     happened or may yet happen, so read before you repeat it
  2  wrong usage
`;

export const commandHelp = {
  up: `
Node i takes the client port + 100 x (i - 1), and likewise its peer port. A node that dies is
started again. Ctrl-C stops all, the leader last; the next start goes on with the same data,
nodes and ports. DIR/cluster.json names every pid and port, DIR/nI/log is node I's log.

Examples:
  quorate up                                three nodes at 2379, 2479 and 2579
  quorate up --nodes 5 --client-port 4379   five nodes from port 4379 on
  quorate up --fresh                        begin anew

Exit codes:
  0  stopped as asked
  1  could not start; standard error says why
  2  wrong usage
`,
  serve: `
A setting given as a flag goes before its environment variable (--data-dir: QUORATE_DATA_DIR),
that before the file, that before the default. In the file a key is the flag without dashes in
front: "data-dir: /var/lib/quorate". A key or variable that means nothing is an error.

Examples:
  quorate serve                             a cluster of one node
  quorate serve --name n1 \\
    --listen-client-urls http://0.0.0.0:2379 --advertise-client-urls http://host1:2379 \\
    --listen-peer-urls http://0.0.0.0:2380 --initial-advertise-peer-urls http://host1:2380 \\
    --initial-cluster n1=http://host1:2380,n2=http://host2:2380,n3=http://host3:2380
  quorate serve --config n1.yaml

Signals:
  SIGTERM, SIGINT  close within 2 s; a second one ends the process at once

Exit codes:
  0  stopped as asked
  1  a setting is wrong, the start failed, or the node had to stop itself
  2  wrong usage: an unknown flag or a missing argument
`,
  repair: `
For a node that refuses to start with STORAGE_CORRUPT. Keeps what can be read of the log; what is
lost comes back from the other members. Until it is back the node gives no vote, so that nothing it
has acknowledged is lost. Asks nothing. Damaged files are moved to DIR/damaged-..., none is removed.
Refuses, and changes nothing, while a node uses DIR, and when the node's newest vote may be lost:
such a node has to leave its cluster and join it again as a new one.

Examples:
  quorate repair --data-dir /var/lib/quorate --dry-run
  quorate repair --data-dir /var/lib/quorate

Exit codes:
  0  repaired, or there was nothing to repair; with --dry-run: it can be
  1  cannot be repaired; standard error says why, and nothing was changed
  2  wrong usage
`,
  new: `
The project embeds Quorate: a state machine, a server over HTTP that is started three times, a
test that opens three nodes and closes the leader, and one that puts the state machine under the
simulator. It depends on the packages of this version.

Example:
  quorate new my-service

Exit codes:
  0  written
  1  DIR is not empty, or cannot be written to; nothing was overwritten
  2  wrong usage
`,
  status: `${clientEnvironment}

Examples:
  quorate status
  quorate status --cluster --json | jq -r 'select(.role == "leader").endpoint'

Exit codes:
  0  every node answered and knows of a leader
  1  a node cannot be reached, or there is no leader
  2  wrong usage
`,
  put: `${clientEnvironment}

Examples:
  quorate put greeting hello
  quorate put photo - < photo.png
  quorate put -- -key -value                both begin with a dash
${writeExit}`,
  get: `
Prints a key and its value on two lines each; a key that is not there prints nothing.
${clientEnvironment}

Examples:
  quorate get greeting
  quorate get users/ --prefix --keys-only
  quorate get photo --print-value-only > photo.png     (a line end is added)
  quorate get greeting --rev 4              as it was at revision 4

Exit codes:
  0  answered, also when there is no such key
  1  refused, or nobody answered
  2  wrong usage
`,
  del: `
Prints how many keys were deleted.
${clientEnvironment}

Examples:
  quorate del greeting
  quorate del users/ --prefix
${writeExit}`,
} as const;

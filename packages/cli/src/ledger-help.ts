/** What the help pages of `ledger` say behind their lists of options. */

const environment = `
Environment:
  QUORATE_LEDGER_ENDPOINTS  nodes, when --endpoints is not given
  QUORATE_CACERT, QUORATE_CERT, QUORATE_KEY  TLS, when the flags are not given`;

const writeExits = `
Exit codes:
  0  done, or done before: the same id with the same content exists
  1  refused, nobody answered, or "outcome unknown": run the same command again, with the same id
  2  wrong usage
`;

const readExits = `
Exit codes:
  0  answered
  1  refused, nobody answered, or an id is not there
  2  wrong usage
`;

export const ledgerHelp = {
  ledger: `
Examples:
  quorate ledger up                         a ledger of three nodes, to try it out
  quorate ledger serve                      a ledger of one node
  quorate ledger member list
  quorate ledger create-account 1 --ledger 840 --code 10
  quorate ledger transfer 100 --debit 1 --credit 2 --amount 12.34 --scale 2 --ledger 840 --code 1
  quorate ledger lookup accounts 1 2
  quorate ledger import transfers.csv
  quorate ledger shell
${environment}
`,
  up: `
Node i takes the client port + 100 x (i - 1), and likewise its peer port. A node that dies is
started again. Ctrl-C stops all, the leader last; the next start goes on with the same data,
nodes and ports. DIR/cluster.json names every pid and port, DIR/nI/log is node I's log.

Examples:
  quorate ledger up                         three nodes at 3379, 3479 and 3579
  quorate ledger up --nodes 1 --fresh       one node, and begin anew

Exit codes:
  0  stopped as asked
  1  could not start; standard error says why
  2  wrong usage
`,
  serve: `
A ledger is a service of its own, with ports and a data directory of its own. Settings come from
flags, the environment and a file as those of quorate serve do; those that only the coordination
service has are refused.

Examples:
  quorate ledger serve                      a ledger of one node
  quorate ledger serve --name n1 \\
    --listen-client-urls http://0.0.0.0:3379 \\
    --listen-peer-urls http://0.0.0.0:3380 --initial-advertise-peer-urls http://host1:3380 \\
    --initial-cluster n1=http://host1:3380,n2=http://host2:3380,n3=http://host3:3380

Exit codes:
  0  stopped as asked
  1  a setting is wrong, the start failed, or the node had to stop itself
  2  wrong usage
`,
  member: `
MEMBER is an id in hexadecimal, as quorate ledger member list prints them, or the name of a founder:
a ledger keeps no names of members that came later. One is replaced by removing it and adding
another, which may have its name and its address; the new one is started with the settings that add
prints and an empty data directory, gets all of the state, and a vote once it has caught up.

Examples:
  quorate ledger member list
  quorate ledger member remove n2
  quorate ledger member add n2 --peer-urls http://host2:3380

Exit codes:
  0  done
  1  refused, nobody answered, or "outcome unknown": look at the list before you repeat it
  2  wrong usage
`,
  createAccount: `
Flags: debitsMustNotExceedCredits, creditsMustNotExceedDebits, history, closed.

Examples:
  quorate ledger create-account 1 --ledger 840 --code 10 --flags history
  quorate ledger create-account new --ledger 840 --code 20 --flags debitsMustNotExceedCredits
${writeExits}`,
  transfer: `
Flags: pending, balancingDebit, balancingCredit, closingDebit, closingCredit.

Examples:
  quorate ledger transfer 100 --debit 1 --credit 2 --amount 1234 --ledger 840 --code 1
  quorate ledger transfer new --debit 1 --credit 2 --amount 12.34 --scale 2 --ledger 840 \\
    --code 1 --pending --timeout 3600
${writeExits}`,
  post: `
Examples:
  quorate ledger post 101 100
  quorate ledger post new 100 --amount 5.00 --scale 2
${writeExits}`,
  void: `
Example:
  quorate ledger void 102 100
${writeExits}`,
  lookup: `
Examples:
  quorate ledger lookup accounts 1 2 --scale 2
  quorate ledger lookup transfers 0x64 --json
${readExits}`,
  history: `
Examples:
  quorate ledger history 1 --newest --limit 20
  quorate ledger history 1 --balances --from 2026-11-01 --scale 2
  quorate ledger history 1 --balances --newest --limit 1 --to 2026-11-01
                                         its balances at that moment
${readExits}`,
  query: `
Examples:
  quorate ledger query accounts --ledger 840 --code 10
  quorate ledger query transfers --from 2026-11-23T09:00Z --to 2026-11-23T10:00Z --json
${readExits}`,
  import: `
The first line of CSV names the columns, in any order: of accounts id, ledger, code, flags,
userData128, userData64, userData32; of transfers these, and debitAccountId, creditAccountId,
amount, pendingId, timeout. A line of JSON is an object with such names. Ids are decimal, 0x... or
UUIDs; amounts are decimal; flags are a decimal number, or names with | between them.

How far the import has got is kept in FILE.position, and the same command goes on from there. It is
of one ledger: to import the file into another, give --from-start. To import a line twice does
nothing: an id that exists with the same content counts as done. What the ledger refuses is listed
by line. Events are carried out in the order of the file wherever that decides: posts, voids,
balancing and closing transfers, and accounts with a limit; for others, up to --in-flight batches
are under way at once. Give --in-flight 1 for the file's order throughout.

Examples:
  quorate ledger import accounts.csv --check
  quorate ledger import transfers.csv --scale 2
  quorate ledger import transfers.jsonl --skip-bad bad-lines.csv

Exit codes:
  0  all of the file is carried out, now or before
  1  a line was refused or left out, the import stopped, or "outcome unknown"; run it again
  2  wrong usage
`,
  export: `
FILE is written as FILE.part, and named FILE once it is whole. The same command goes on with a part
that is there. What it writes, import reads with --ignore-columns timestamp (of accounts the four
balances, too).

Examples:
  quorate ledger export accounts accounts.csv
  quorate ledger export transfers november.csv --from 2026-11-01 --to 2026-11-30T23:59:59.999999999Z
  quorate ledger export transfers --account 1 --format jsonl --scale 2

Exit codes:
  0  all of it is written
  1  not all; with FILE, run the same command again to go on
  2  wrong usage
`,
  shell: `
Commands are those of quorate ledger, without the prefix; Tab completes them. Words with spaces go
in quotes. Ctrl-C ends the command that runs, exit or Ctrl-D the shell. Read from a pipe or a file,
each line is a command, and # begins a comment. Typed lines are kept in ~/.quorate_ledger_history,
the newest 1000; QUORATE_LEDGER_HISTORY names another file, or, when it is empty, none.

Examples:
  quorate ledger shell --scale 2
  quorate ledger shell < commands.txt

Exit codes:
  0  the last line was reached, and no command had failed
  1  a command has failed; the others were carried out
  2  wrong usage
`,
} as const;

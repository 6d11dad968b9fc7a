/** What the help page of `recover` says behind its list of options. */
export const recoverHelp = `
The last resort, for a cluster most of whose voters are gone for good. If they may come back, wait
for them; if a member can still be removed, remove it. What the lost voters had acknowledged and
this one never got is lost. Run it with --dry-run on every survivor, and take the one with the
highest term, and among those with the highest entry.

The member goes on with all that it has, entries included that may never have been committed, as
the only voter of a new cluster: with another cluster id, so that lost voters that come back after
all are not let in. Then start it, and add members with empty data directories. DIR as it was is
kept in DIR/before-recovery-...; nothing is removed. Run it as the user that the member runs as.

--lost-quorum is the proof that you mean this cluster: its id, as --dry-run prints it. With
--bump-revision, clients that saw more than this member has are told so.

Examples:
  quorate recover --data-dir /var/lib/quorate --dry-run
  quorate recover --data-dir /var/lib/quorate --lost-quorum 4f840f43757f4b73
  quorate recover --data-dir /var/lib/quorate --lost-quorum 4f840f43757f4b73 \\
    --bump-revision 1000000 --mark-compacted

Exit codes:
  0  recovered; with --dry-run: it can be
  1  nothing was changed; standard error says why
  2  wrong usage: --lost-quorum is missing, too
`;

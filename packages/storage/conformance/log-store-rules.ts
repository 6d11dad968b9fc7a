import type { ContractRule } from '@quorate/base/conformance';

/** Of `LogStore` in @quorate/raft, and of `GroupWrite` and `RecoveredGroup` beside it. */
export const logStoreRules = {
  empty: {
    says: 'LogStore.recovered: what was durable when the store was opened. Nothing yet.',
    because: 'a new node with a history of its own could vote, or lead, by a log that is not its.',
  },
  answered: {
    says: 'LogStore.submit makes the writes durable, and says so by calling done with null, once.',
    because:
      'the core waits for it with every vote and acknowledgement: without it the node stands ' +
      'still; a second call would be taken for the next write.',
  },
  order: {
    says: 'LogStore.submit: completions come in the order of submission.',
    because:
      'whoever is told of the second write takes the first for durable as well, and acknowledges ' +
      'entries that a crash can still take away.',
  },
  notInside: {
    says: 'LogStore.submit: completions come from the event loop, never from inside the call.',
    because: 'the core would be entered again in the middle of its own step.',
  },
  durable: {
    says: 'LogStore.submit: done with null means that the writes survive a crash from then on.',
    because:
      'the node has told others of it: a vote that is forgotten elects two leaders, an entry ' +
      'that is forgotten was counted as committed.',
  },
  together: {
    says:
      'LogStore.submit makes the writes durable all together; GroupWrite: as one step, after a ' +
      'crash either all of it is there or none.',
    because:
      'a truncation without the entries after it, or a log start without its snapshot, is a log ' +
      'that never was; it is found when the node is started again, if it is found at all.',
  },
  exact: {
    says: 'RecoveredGroup is what was written, each field of it.',
    because:
      'the log matching property rests on it: an entry that comes back with another term or ' +
      'other data is another entry, and replicas part.',
  },
  truncate: {
    says: 'GroupWrite.truncateAfter: entries after this index are void from here on.',
    because:
      'they are what another leader has overwritten: when they come back, this replica holds and ' +
      'may commit what the others do not have.',
  },
  fieldOrder: {
    says: 'GroupWrite: applied in the order of the fields; truncateAfter comes before entries.',
    because: 'the entries that replace what was truncated would go with it.',
  },
  logStart: {
    says:
      'GroupWrite.logStart: entries up to and including this position are no longer needed; ' +
      'RecoveredGroup.logStart: the log begins after this position.',
    because:
      'the next entry is compared with the term at this position, and its index is counted from ' +
      'there; a log that begins elsewhere has a hole.',
  },
  tail: {
    says: 'GroupWrite.logStart: entries after this position stay, also those before the snapshot.',
    because: 'followers that are a little late are served from them instead of by a snapshot.',
  },
  hardState: {
    says: 'GroupWrite.hardState: null leaves it as it is; RecoveredGroup.hardState is the last.',
    because:
      'it holds the vote: a node that forgets it votes twice in one term, and two leaders are ' +
      'elected. That nothing else was written of a group for long changes nothing.',
  },
  groups: {
    says: 'GroupWrite.group: any safe integer is a log of its own.',
    because: 'groups decide on their own; one that gets the entries of another is destroyed.',
  },
  snapshotMeta: {
    says: "GroupWrite.snapshot: from here on this is the group's snapshot, the whole of its meta.",
    because: 'its configuration says who decides; after a restart the group would ask the wrong.',
  },
  fixed: {
    says: 'LogStore.recovered: what was durable when the store was opened; not what came later.',
    because: 'groups are made from it one by one, while others are written to already.',
  },
  closed: {
    says: 'LogStore.close: what was submitted before is answered, what comes after is refused.',
    because: 'a write that is neither done nor refused leaves the node waiting as it stops.',
  },
  finalError: {
    says: 'LogStore.submit: an error is final; the store accepts nothing any more. Never retried.',
    because:
      'after a failed fsync nobody knows what is on the disk; a later success that covers the ' +
      'hole would be acknowledged, and the hole found at the next start.',
  },
  room: {
    says: 'LogStore.writable, pinnedBy, diskBytes: true, null and a number when all is well.',
    because: 'proposals are refused, or a group made to take snapshots, for no reason.',
  },
} as const satisfies Record<string, ContractRule>;

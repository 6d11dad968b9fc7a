import type { Canary } from './canary.ts';
import { clientCanaries } from './client-canaries.ts';
import { electionCanaries } from './election-canaries.ts';
import { leadershipCanaries } from './leadership-canaries.ts';
import { leaseCanaries } from './lease-canaries.ts';
import { ledgerCanaries } from './ledger-canaries.ts';
import { pictureCanaries } from './picture-canaries.ts';
import { replicationCanaries } from './replication-canaries.ts';
import { sessionCanaries } from './session-canaries.ts';
import { storageCanaries } from './storage-canaries.ts';
import { watchCanaries } from './watch-canaries.ts';

/** Each must be caught by the simulator, or the simulator is blind to its kind. */
export const canaries: readonly Canary[] = [
  ...electionCanaries,
  ...replicationCanaries,
  ...clientCanaries,
  ...sessionCanaries,
  ...leaseCanaries,
  ...storageCanaries,
  ...watchCanaries,
  ...leadershipCanaries,
  ...pictureCanaries,
  ...ledgerCanaries,
];

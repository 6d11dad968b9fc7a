import type { Prng } from '@quorate/base';
import { compactNowAndThen } from './compactor.ts';
import { Follower } from './follower.ts';
import { workOnLeases } from './lease-worker.ts';
import { workWithLocks } from './lock-worker.ts';
import { KeyWindow, workOnRegisters } from './register-worker.ts';
import { workOnLists } from './txn-worker.ts';
import { Worker, type Workload } from './worker.ts';

const registerClients = 8;
const listClients = 3;
const leaseClients = 3;
const lockClients = 4;

const registers = { width: 4, operationsPerKey: 250 };
/** Lists grow, so that each is used less. */
const lists = { width: 3, operationsPerKey: 60 };

const followed = [
  { prefix: 'r/', withPrevious: true, withoutDeletes: false, isSlow: false },
  { prefix: '', withPrevious: false, withoutDeletes: false, isSlow: true },
  { prefix: 'l/', withPrevious: true, withoutDeletes: false, isSlow: false },
  { prefix: 'm/', withPrevious: false, withoutDeletes: true, isSlow: false },
  { prefix: 't/', withPrevious: true, withoutDeletes: false, isSlow: true },
];

export interface RunningWorkload {
  readonly auditor: Follower;
  /** Resolves when all clients but the auditor have stopped. */
  readonly done: Promise<unknown>;
  readonly auditorDone: Promise<void>;
}

/**
 * Starts all clients, each with its own source of randomness.
 *
 * @param ratePerSecond of calls, all clients together; one that waits for its answer is slower
 * @param stopAuditor it goes on when the others have stopped, until it has everything
 */
export function startWorkload(
  workload: Omit<Workload, 'ratePerSecond'>,
  prng: Prng,
  ratePerSecond: number,
  stopAuditor: AbortSignal,
): RunningWorkload {
  const perClient = ratePerSecond / (registerClients + listClients);
  const worker = (): Worker => new Worker({ ...workload, ratePerSecond: perClient }, prng.fork());
  const auditing = new Worker({ ...workload, stop: stopAuditor, ratePerSecond: 1 }, prng.fork());
  const auditor = new Follower(auditing, {
    prefix: '',
    withPrevious: true,
    withoutDeletes: false,
    isAuditor: true,
    isSlow: false,
  });
  const registerKeys = new KeyWindow('r', registers.width, registers.operationsPerKey);
  const listKeys = new KeyWindow('t', lists.width, lists.operationsPerKey);
  const auditorDone = auditor.run();
  const running = [
    ...times(registerClients, () => workOnRegisters(worker(), registerKeys)),
    ...times(listClients, () => workOnLists(worker(), listKeys)),
    ...times(leaseClients, () => workOnLeases(worker())),
    ...times(lockClients, () => workWithLocks(worker())),
    ...followed.map((options) => new Follower(worker(), { ...options, isAuditor: false }).run()),
    compactNowAndThen(worker(), () => auditor.next),
  ];
  return { auditor, done: Promise.all(running), auditorDone };
}

function times<Made>(count: number, make: () => Made): Made[] {
  return Array.from({ length: count }, make);
}

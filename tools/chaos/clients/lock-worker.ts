import { etcd } from '@quorate/schema';
import type { Json } from '../history/history-event.ts';
import { grant, keepAlive, revoke } from './lease-calls.ts';
import { bytes, methods } from './methods.ts';
import { leaseId } from './versions.ts';
import type { Worker } from './worker.ts';

const locks = 2;
const ttlSeconds = 3;

/** Takes locks by creating a key with a lease, writes under their fence, and gives them up. */
export async function workWithLocks(worker: Worker): Promise<void> {
  const { prng } = worker;
  const own = worker.process;
  for (let round = 1; !worker.isStopped; round++) {
    const lock = `m/${prng.below(locks)}`;
    const granted = await grant(worker, ttlSeconds);
    if (granted === null) {
      await worker.pause(300);
      continue;
    }
    for (let attempt = 1; attempt <= 4 && !worker.isStopped; attempt++) {
      const owner = `${own}.${round}.${attempt}`;
      const fence = await acquire(worker, lock, owner, granted.lease);
      if (fence !== null) {
        await hold(worker, { lock, owner, fence, lease: granted.lease });
        break;
      }
      await worker.pause(prng.between(100, 500));
    }
    // A client that has died does not say so.
    if (prng.chance(0.8)) await revoke(worker, granted.lease);
  }
}

interface Held {
  readonly lock: string;
  readonly owner: string;
  /** The lock's create revision. */
  readonly fence: number;
  readonly lease: string;
}

/** @returns the fence, or null: somebody else has it, or nothing is known */
async function acquire(
  worker: Worker,
  lock: string,
  owner: string,
  lease: string,
): Promise<number | null> {
  const key = bytes(lock);
  const request = {
    compare: [
      {
        key,
        result: etcd.CompareResult.EQUAL,
        target: etcd.CompareTarget.CREATE,
        createRevision: 0,
      },
    ],
    success: [{ requestPut: { key, value: bytes(owner), lease: leaseId(lease) } }],
  };
  const input: Json = { lease, value: owner };
  const answer = await worker.record(
    'acquire',
    lock,
    input,
    (connection) => connection.call(methods.txn, request),
    ({ succeeded }) => (succeeded ? { value: input } : { value: input, failed: 'compare' }),
  );
  return answer?.succeeded === true ? (answer.header?.revision ?? 0) : null;
}

async function hold(worker: Worker, held: Held): Promise<void> {
  const { prng } = worker;
  for (let step = prng.between(1, 5); step > 0 && !worker.isStopped; step--) {
    await worker.pause(prng.between(50, 800));
    if (prng.chance(0.6)) {
      if ((await keepAlive(worker, held.lease)) === 0) return;
    } else if (!(await writeFenced(worker, held, step))) return;
  }
  if (prng.chance(0.6)) await release(worker, held);
}

function isStillHeld({ lock, fence }: Held) {
  return [
    {
      key: bytes(lock),
      result: etcd.CompareResult.EQUAL,
      target: etcd.CompareTarget.CREATE,
      createRevision: fence,
    },
  ];
}

/** @returns false when it is known to be lost */
async function writeFenced(worker: Worker, held: Held, step: number): Promise<boolean> {
  const key = held.lock.replace('m/', 'f/');
  const value = `${held.owner}.${step}`;
  const request = {
    compare: isStillHeld(held),
    success: [{ requestPut: { key: bytes(key), value: bytes(value) } }],
  };
  const input: Json = { lock: held.lock, fence: held.fence, value };
  const answer = await worker.record(
    'fenced',
    key,
    input,
    (connection) => connection.call(methods.txn, request),
    ({ succeeded }) => (succeeded ? { value: input } : { value: input, failed: 'compare' }),
  );
  return answer?.succeeded !== false;
}

async function release(worker: Worker, held: Held): Promise<void> {
  const request = {
    compare: isStillHeld(held),
    success: [{ requestDeleteRange: { key: bytes(held.lock) } }],
  };
  const input: Json = { lease: held.lease, value: held.owner };
  await worker.record(
    'release',
    held.lock,
    input,
    (connection) => connection.call(methods.txn, request),
    ({ succeeded }) => (succeeded ? { value: input } : { value: input, failed: 'compare' }),
  );
}

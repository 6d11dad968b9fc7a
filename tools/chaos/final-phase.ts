import type { etcd, Init } from '@quorate/schema';
import { type Connection, connectTo, type Outcome } from './clients/connection.ts';
import type { Follower } from './clients/follower.ts';
import { bytes, endOfPrefix, type Method, methods } from './clients/methods.ts';
import { leaseName, rowOf } from './clients/versions.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { HistoryWriter } from './history/history-writer.ts';

const limitMs = 60_000;
const lookAgainMs = 200;
const everything = { key: new Uint8Array(1), rangeEnd: new Uint8Array(1) };

export interface FinalWorld {
  readonly cluster: Cluster;
  readonly history: HistoryWriter;
  readonly auditor: Follower;
  /** Ended by the user: nothing more is waited for. */
  readonly stop: AbortSignal;
}

/**
 * All faults are over: waits until every member serves, all leases have ended and everybody has
 * everything, and writes down what each member holds. What does not come to be is a
 * `final-problem`, for the checks.
 */
export async function finish(world: FinalWorld): Promise<void> {
  const { cluster, history, stop } = world;
  const connections = new Map(
    cluster.members.map(({ name, endpoint }) => [name, connectTo(endpoint)] as const),
  );
  const problem = (check: string, error: string): void => {
    const value = { check };
    history.add({ process: 'nemesis', type: 'info', f: 'final-problem', key: null, value, error });
  };
  try {
    const first = [...connections.values()];
    const leasesEnd = until(stop, async () => (await leasesLeft(first)).length === 0);
    if (!(await leasesEnd)) problem('leases end', 'leases or their keys were still there');
    const last = await lastRevision(world, first);
    if (last === null) {
      problem('serves again', `no linearizable read was answered within ${limitMs / 1000} s`);
      return;
    }
    const isTold = await until(stop, async () => world.auditor.next > last);
    if (!isTold) {
      problem('watches go on', `the auditor was told up to ${world.auditor.next - 1} of ${last}`);
    }
    for (const [name, connection] of connections) {
      const isThere = await until(stop, async () => (await revisionAt(connection)) >= last);
      if (isThere) await writeDown(history, name, connection, last);
      else problem('catches up', `${name} was at ${await revisionAt(connection)} of ${last}`);
    }
  } finally {
    for (const connection of connections.values()) connection.close();
  }
}

async function until(stop: AbortSignal, holds: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs;
  while (!stop.aborted && performance.now() < deadlineMs) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
  return stop.aborted;
}

async function answerOf<Q, A extends { readonly header: etcd.ResponseHeader | null }>(
  connection: Connection,
  method: Method<Q, A>,
  request: Init<Q>,
): Promise<A | null> {
  const outcome: Outcome<A> = await connection.call(method, request);
  return outcome.kind === 'ok' ? outcome.answer : null;
}

/** Keys that hang on a lease, by a linearizable read; one entry when nobody answers. */
async function leasesLeft(connections: readonly Connection[]): Promise<string[]> {
  for (const connection of connections) {
    const found: string[] = [];
    let isWhole = true;
    for (const prefix of ['l/', 'm/']) {
      const request = { key: bytes(prefix), rangeEnd: endOfPrefix(prefix) };
      const answer = await answerOf(connection, methods.range, request);
      if (answer === null) isWhole = false;
      else found.push(...answer.kvs.map(({ lease }) => leaseName(lease)));
    }
    const leases = await answerOf(connection, methods.leases, {});
    found.push(...(leases?.leases ?? []).map(({ ID }) => leaseName(ID)));
    if (isWhole && leases !== null) return found;
  }
  return ['unknown'];
}

async function lastRevision(
  { stop }: FinalWorld,
  connections: readonly Connection[],
): Promise<number | null> {
  let last: number | null = null;
  await until(stop, async () => {
    for (const connection of connections) {
      const answer = await answerOf(connection, methods.range, { key: bytes('r/1') });
      if (answer !== null) last = answer.header?.revision ?? 0;
    }
    return last !== null;
  });
  return last;
}

async function revisionAt(connection: Connection): Promise<number> {
  const request = { key: bytes('r/1'), serializable: true };
  return (await answerOf(connection, methods.range, request))?.header?.revision ?? 0;
}

async function writeDown(
  history: HistoryWriter,
  node: string,
  connection: Connection,
  revision: number,
): Promise<void> {
  const event = { process: 'nemesis', type: 'info', key: null, node } as const;
  const read = await answerOf(connection, methods.range, { ...everything, serializable: true });
  if (read !== null) {
    const value = read.kvs.map(rowOf);
    history.add({ ...event, f: 'final-read', value, revision: read.header?.revision ?? 0 });
  }
  const hash = await answerOf(connection, methods.hashKv, { revision });
  if (hash !== null) {
    const value = { hash: hash.hash, compacted: hash.compactRevision };
    history.add({ ...event, f: 'final-hash', value, revision: hash.header?.revision ?? 0 });
  }
  const leases = await answerOf(connection, methods.leases, {});
  if (leases !== null) {
    const value = leases.leases.map(({ ID }) => leaseName(ID));
    history.add({ ...event, f: 'final-leases', value, revision: leases.header?.revision ?? 0 });
  }
}

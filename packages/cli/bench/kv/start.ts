import { join } from 'node:path';
import { connect, operation } from '@quorate/client';
import type { Children } from './children.ts';
import { Cluster } from './cluster.ts';
import { byTurns, level, type Plan, type Row, type System } from './plan.ts';

/** Both servers take at most 128 operations in a transaction. */
const putsOfTxn = 128;
const underWay = 16;

/** From the start of a process with many keys until it has answered a put. */
export async function start(plan: Plan, children: Children): Promise<Row[]> {
  const { commands, directory, startKeys, rounds } = plan;
  const systems: System[] = [];
  for (const [name, command] of commands) {
    const cluster = await Cluster.start(children, command, join(directory, `start-${name}`), 1);
    const begin = performance.now();
    await fill(cluster.endpoints, startKeys);
    const took = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${name.padEnd(8)}filled with ${startKeys} keys in ${took} s`);
    await cluster.stop();
    systems.push({ name, cluster });
  }
  const what = `start, ${startKeys} keys`;
  return byTurns(what, rounds, systems, async ({ name, cluster }) => {
    const begin = performance.now();
    await cluster.restart(0);
    const seconds = (performance.now() - begin) / 1000;
    await cluster.stop();
    console.log(`${name.padEnd(8)}${what.padEnd(19)} serving after ${seconds.toFixed(2)} s`);
    return { 's to serving': seconds };
  });
}

async function fill(endpoints: readonly string[], keys: number): Promise<void> {
  await using client = connect({ endpoints, timeoutMs: 60_000 });
  const value = new Uint8Array(level.valueBytes).fill(120);
  let next = 0;
  const fillOn = async (): Promise<void> => {
    while (next < keys) {
      const first = next;
      next += putsOfTxn;
      const count = Math.min(putsOfTxn, keys - first);
      const puts = Array.from({ length: count }, (_, at) =>
        operation.put(`fill/${String(first + at).padStart(8, '0')}`, value),
      );
      await client
        .txn()
        .do(...puts)
        .commit();
    }
  };
  await Promise.all(Array.from({ length: underWay }, fillOn));
}

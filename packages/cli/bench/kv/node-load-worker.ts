import { connect } from '@quorate/client';
import type { LoadLevel } from './load.ts';

/** What the parent sends: its share of a level. */
export interface WorkerOrder extends LoadLevel {
  /** Each connects to every endpoint. */
  readonly connections: number;
  /** Makes the keys of the processes differ. */
  readonly seed: number;
}

/** What comes back. */
export interface WorkerReport {
  readonly latenciesMs: Float64Array;
  /** When each was answered, milliseconds of the wall clock, which all workers share. */
  readonly answeredAtMs: Float64Array;
  readonly errors: number;
  readonly seconds: number;
  readonly processorSeconds: number;
}

process.on('message', (order: WorkerOrder) => {
  void carryOut(order).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit());

async function carryOut(order: WorkerOrder): Promise<WorkerReport> {
  const { endpoints, connections, timeoutMs, operation } = order;
  const clients = Array.from({ length: connections * endpoints.length }, (_, index) =>
    connect({ endpoints: rotate(endpoints, index % endpoints.length), timeoutMs }),
  );
  const value = new Uint8Array(order.valueBytes).fill(120);
  const encoder = new TextEncoder();
  const latenciesMs: number[] = [];
  const answeredAtMs: number[] = [];
  let errors = 0;
  let asked = 0;
  const processor = process.cpuUsage();
  const begin = performance.now();
  const endMs = begin + order.seconds * 1000;
  const askAgainAndAgain = async (number: number): Promise<void> => {
    for (let turn = number; asked < order.operations && performance.now() < endMs; turn++) {
      const client = clients[turn % clients.length];
      if (client === undefined) return;
      const draw = nextDraw(order.seed + asked, order.keys);
      asked += 1;
      const key = encoder.encode(`bench/${draw.toString().padStart(8, '0')}`);
      const sent = performance.now();
      try {
        if (operation === 'put') await client.put(key, value);
        else await client.get(key, { serializable: operation === 'sget' });
        const answered = performance.now();
        latenciesMs.push(answered - sent);
        answeredAtMs.push(performance.timeOrigin + answered);
      } catch {
        errors += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: order.clients }, (_, index) => askAgainAndAgain(index)));
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(processor);
  await Promise.all(clients.map((client) => client.close()));
  const processorSeconds = (user + system) / 1e6;
  return {
    latenciesMs: Float64Array.from(latenciesMs),
    answeredAtMs: Float64Array.from(answeredAtMs),
    errors,
    seconds,
    processorSeconds,
  };
}

function rotate(endpoints: readonly string[], by: number): string[] {
  return [...endpoints.slice(by), ...endpoints.slice(0, by)];
}

/** A number below `count`, scattered over it by a 32-bit hash of `at`. */
function nextDraw(at: number, count: number): number {
  let hash = Math.imul(at ^ (at >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}

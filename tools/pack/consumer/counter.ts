// A user's program: `npm run pack -- --check` runs it against the installed packages.
import { openNode } from '@quorate/node';

interface Add {
  readonly add: number;
}

class Counter {
  #value = 0;

  apply(command: Add): number {
    this.#value += command.add;
    return this.#value;
  }

  query(query: 'value'): number {
    return query === 'value' ? this.#value : Number.NaN;
  }

  toJSON(): number {
    return this.#value;
  }

  fromJSON(state: unknown): void {
    this.#value = Number(state);
  }
}

/**
 * Adds to a counter that a cluster of one node keeps in `dataDir`.
 *
 * @returns what it holds now
 */
export async function count(dataDir: string, add: number): Promise<number> {
  const address = '127.0.0.1:0';
  await using node = await openNode({
    id: 1,
    dataDir,
    listen: address,
    peers: { 1: address },
    groups: { counter: () => new Counter() },
    tuning: { heartbeatIntervalMs: 30, electionTimeoutMs: 300 },
    log: { level: 'error', format: 'json' },
  });
  const counter = node.group('counter');
  const { result } = await counter.propose({ add });
  const value: number = await counter.read('value');
  if (value !== result) throw new Error(`read ${value} behind a proposal that gave ${result}`);
  return value;
}

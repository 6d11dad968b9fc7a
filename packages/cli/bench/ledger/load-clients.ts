import { connectLedger, type LedgerClient } from '@quorate/client';
import type { LoadOptions, LoadResult } from './load.ts';

/** Clients that are made at a time: a server's queue of connections is not endless. */
const madeAtOnce = 100;

/** Clients of which each has a connection and a session of its own, and shares no batch. */
export class SeparateClients implements AsyncDisposable {
  readonly #clients: readonly LedgerClient[];
  #nextId = BigInt(Date.now()) << 80n;

  private constructor(clients: readonly LedgerClient[]) {
    this.#clients = clients;
  }

  /** All are connected, to the leader. */
  static async connect(endpoints: readonly string[], count: number): Promise<SeparateClients> {
    const leaderFirst = await inOrder(endpoints);
    const clients: LedgerClient[] = [];
    while (clients.length < count) {
      const size = Math.min(madeAtOnce, count - clients.length);
      const made = Array.from({ length: size }, () => connectLedger({ endpoints: leaderFirst }));
      clients.push(...made);
      await Promise.all(made.map((client) => client.status()));
    }
    return new SeparateClients(clients);
  }

  /** Each sends one transfer, and the next when that is answered. */
  async load({ pairs, seconds }: LoadOptions): Promise<LoadResult> {
    const latencies: number[] = [];
    let at = 0;
    let failed = 0;
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1000;
    const send = async (client: LedgerClient): Promise<void> => {
      while (performance.now() < endMs) {
        const debitAccountId = BigInt((pairs[at] as number) + 1);
        const creditAccountId = BigInt((pairs[at + 1] as number) + 1);
        at = at + 2 === pairs.length ? 0 : at + 2;
        this.#nextId += 1n;
        const sentMs = performance.now();
        const transfer = { id: this.#nextId, debitAccountId, creditAccountId, amount: 7n };
        const { failures } = await client.createTransfers([{ ...transfer, ledger: 1, code: 1 }]);
        latencies.push(performance.now() - sentMs);
        failed += failures.length;
      }
    };
    await Promise.all(this.#clients.map(send));
    const took = (performance.now() - startedMs) / 1000;
    latencies.sort((a, b) => a - b);
    const transfers = latencies.length - failed;
    return { transfers, seconds: took, failed, latencies, requestBytes: 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

/** The leader first, so that no client has a connection that it does not use. */
async function inOrder(endpoints: readonly string[]): Promise<readonly string[]> {
  await using client = connectLedger({ endpoints });
  const states = await Promise.all(
    endpoints.map(async (endpoint) => ({ endpoint, ...(await client.status(endpoint)) })),
  );
  const isLeader = ({ node, leader }: { node: bigint; leader: bigint }): number =>
    Number(node === leader);
  return states.toSorted((a, b) => isLeader(b) - isLeader(a)).map(({ endpoint }) => endpoint);
}

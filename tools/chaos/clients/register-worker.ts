import { etcd } from '@quorate/schema';
import type { Json } from '../history/history-event.ts';
import { bytes, methods, textIn } from './methods.ts';
import { rowOf } from './versions.ts';
import type { Told, Worker } from './worker.ts';

/** Keys that clients use together, each for so many operations: a long history is hard to judge. */
export class KeyWindow {
  readonly #prefix: string;
  readonly #operationsPerKey: number;
  readonly #uses: { name: string; left: number; nextValue: number }[] = [];
  #made = 0;

  constructor(prefix: string, width: number, operationsPerKey: number) {
    this.#prefix = prefix;
    this.#operationsPerKey = operationsPerKey;
    for (let at = 0; at < width; at++) this.#uses.push(this.#make());
  }

  get width(): number {
    return this.#uses.length;
  }

  /** @returns the key's name, and a value that nobody else gets for it */
  use(at: number): { readonly key: string; readonly value: number } {
    let use = this.#uses[at] ?? this.#make();
    if (use.left === 0) use = this.#make();
    this.#uses[at] = use;
    use.left -= 1;
    use.nextValue += 1;
    return { key: use.name, value: use.nextValue };
  }

  #make() {
    this.#made += 1;
    return { name: `${this.#prefix}/${this.#made}`, left: this.#operationsPerKey, nextValue: 0 };
  }
}

/** Reads, writes and compares registers. */
export async function workOnRegisters(worker: Worker, keys: KeyWindow): Promise<void> {
  const { prng } = worker;
  const seen = new Map<string, number | null>();
  while (!worker.isStopped) {
    const { key, value } = keys.use(prng.below(keys.width));
    const draw = prng.below(100);
    if (draw < 40) seen.set(key, await read(worker, key, false));
    else if (draw < 50) await read(worker, key, true);
    else if (draw < 80) await write(worker, key, value);
    else await compareAndSet(worker, key, seen.get(key) ?? null, value);
    if (seen.size > keys.width * 2) seen.delete([...seen.keys()][0] ?? '');
    // Sometimes to another member, though this one answers.
    if (prng.below(50) === 0) worker.move();
    await worker.think();
  }
}

async function read(worker: Worker, key: string, serializable: boolean): Promise<number | null> {
  const answer = await worker.record(
    serializable ? 'stale-read' : 'read',
    key,
    null,
    (connection) => connection.call(methods.range, { key: bytes(key), serializable }),
    toldOf,
  );
  return answer === null ? null : numberIn(answer);
}

function toldOf(answer: etcd.RangeResponse): Told {
  const [found] = answer.kvs;
  if (found === undefined) return { value: null };
  return { value: numberIn(answer), detail: rowOf(found) };
}

function numberIn({ kvs: [found] }: etcd.RangeResponse): number | null {
  return found === undefined ? null : Number(textIn(found.value));
}

async function write(worker: Worker, key: string, value: number): Promise<void> {
  const request = { key: bytes(key), value: bytes(`${value}`) };
  const tell = (): Told => ({ value });
  await worker.record('write', key, value, (to) => to.call(methods.put, request), tell);
}

async function compareAndSet(
  worker: Worker,
  key: string,
  from: number | null,
  to: number,
): Promise<void> {
  const compare =
    from === null
      ? { target: etcd.CompareTarget.CREATE, createRevision: 0 }
      : { target: etcd.CompareTarget.VALUE, value: bytes(`${from}`) };
  const request = {
    compare: [{ key: bytes(key), result: etcd.CompareResult.EQUAL, ...compare }],
    success: [{ requestPut: { key: bytes(key), value: bytes(`${to}`) } }],
  };
  const input: Json = [from, to];
  await worker.record(
    'cas',
    key,
    input,
    (connection) => connection.call(methods.txn, request),
    ({ succeeded }) => (succeeded ? { value: input } : { value: input, failed: 'compare' }),
  );
}

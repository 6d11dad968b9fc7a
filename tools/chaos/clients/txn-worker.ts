import { etcd } from '@quorate/schema';
import type { Json } from '../history/history-event.ts';
import type { Outcome } from './connection.ts';
import { bytes, methods, textIn } from './methods.ts';
import type { KeyWindow } from './register-worker.ts';
import type { Worker } from './worker.ts';

/**
 * Appends to one list and reads another, in one transaction: lists are read first, and the
 * transaction happens only if they have not changed since.
 */
export async function workOnLists(worker: Worker, keys: KeyWindow): Promise<void> {
  const { prng } = worker;
  while (!worker.isStopped) {
    const at = prng.below(keys.width);
    const { key, value } = keys.use(at);
    const { key: other } = keys.use((at + 1 + prng.below(keys.width - 1)) % keys.width);
    const list = await look(worker, key);
    if (list !== null) await append(worker, { key, value, other, list });
    await worker.think();
  }
}

interface List {
  readonly text: string;
  readonly modRevision: number;
}

/** Not part of the history: what it found is proven by the comparison. */
async function look(worker: Worker, key: string): Promise<List | null> {
  const outcome: Outcome<etcd.RangeResponse> = await worker
    .connection()
    .call(methods.range, { key: bytes(key), serializable: worker.prng.chance(0.5) });
  if (outcome.kind !== 'ok') {
    worker.move();
    await worker.pause(100);
    return null;
  }
  const [found] = outcome.answer.kvs;
  if (found === undefined) return { text: '', modRevision: 0 };
  return { text: textIn(found.value), modRevision: found.modRevision };
}

async function append(
  worker: Worker,
  work: {
    readonly key: string;
    readonly value: number;
    readonly other: string;
    readonly list: List;
  },
): Promise<void> {
  const { key, value, other, list } = work;
  const text = list.text === '' ? `${value}` : `${list.text} ${value}`;
  const request = {
    compare: [
      {
        key: bytes(key),
        result: etcd.CompareResult.EQUAL,
        target: etcd.CompareTarget.MOD,
        modRevision: list.modRevision,
      },
    ],
    success: [
      { requestPut: { key: bytes(key), value: bytes(text) } },
      { requestRange: { key: bytes(other) } },
    ],
  };
  const input: Json = [
    ['append', key, value],
    ['r', other, null],
  ];
  await worker.record(
    'txn',
    null,
    input,
    (connection) => connection.call(methods.txn, request),
    ({ succeeded, responses }) => {
      if (!succeeded) return { value: input, failed: 'compare' };
      const found = responses[1]?.responseRange?.kvs[0];
      const elements = found === undefined ? [] : textIn(found.value).split(' ').map(Number);
      return {
        value: [
          ['append', key, value],
          ['r', other, elements],
        ],
      };
    },
  );
}

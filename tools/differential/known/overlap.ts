import { compareBytes } from '@quorate/base';
import type { etcd } from '@quorate/schema';

interface Writes {
  readonly puts: Map<string, Uint8Array>;
  readonly deletions: Deletion[];
}

interface Deletion {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/**
 * What etcd (3.4 to 3.6) finds when it looks for a key that a transaction writes twice. To it the
 * end `\0` is a key like others, before most, so that deletions to the end of all keys meet
 * nothing; and a deletion in a nested transaction does not meet the puts of those before it.
 */
export function isOverlapSeenByEtcd({ success, failure }: etcd.TxnRequest): boolean {
  return writesOf(success) === null || writesOf(failure) === null;
}

function writesOf(operations: readonly etcd.RequestOp[]): Writes | null {
  const puts = new Map<string, Uint8Array>();
  const deletions: Deletion[] = [];
  for (const { requestDeleteRange } of operations) {
    if (requestDeleteRange !== null) deletions.push(requestDeleteRange);
  }
  for (const { requestTxn } of operations) {
    if (requestTxn === null) continue;
    const success = writesOf(requestTxn.success);
    const failure = writesOf(requestTxn.failure);
    if (success === null || failure === null) return null;
    const before = new Set(puts.keys());
    for (const branch of [success, failure]) {
      for (const [name, key] of branch.puts) {
        if (before.has(name) || isDeleted(deletions, key)) return null;
        puts.set(name, key);
      }
    }
    deletions.push(...success.deletions, ...failure.deletions);
  }
  for (const { requestPut } of operations) {
    if (requestPut === null) continue;
    const name = Buffer.from(requestPut.key).toString('hex');
    if (puts.has(name) || isDeleted(deletions, requestPut.key)) return null;
    puts.set(name, requestPut.key);
  }
  return { puts, deletions };
}

function isDeleted(deletions: readonly Deletion[], put: Uint8Array): boolean {
  return deletions.some(({ key, rangeEnd }) => {
    const begin = compareBytes(put, key);
    return rangeEnd.length === 0 ? begin === 0 : begin >= 0 && compareBytes(put, rangeEnd) < 0;
  });
}

import { compareBytes } from '@quorate/base';
import type { etcd } from '@quorate/schema';
import type { Outcome, Step } from '../operation.ts';
import type { Both } from '../pair.ts';
import { asked } from './asked.ts';
import { isRefusedAs } from './refusal.ts';

interface Range {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** Whether it ends where it begins or before. */
export function isEmptyRange({ key, rangeEnd }: Range): boolean {
  const isToEnd = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return rangeEnd.length > 0 && !isToEnd && compareBytes(key, rangeEnd) >= 0;
}

/** Whether somebody asks for a range without keys, and may do so on one side alone. */
export function isRightToNothing(step: Step, [theirs, ours]: Both): boolean {
  return rangesOf(step).some(isEmptyRange) && isDenied(theirs) !== isDenied(ours);
}

function isDenied(outcome: Outcome): boolean {
  const watchReason = 'code = PermissionDenied desc = etcdserver: permission denied';
  return (
    isRefusedAs(outcome, 'permission denied') || JSON.stringify(outcome.body).includes(watchReason)
  );
}

function rangesOf(step: Step): readonly Range[] {
  const watch = asked<etcd.WatchRequest>(step, 'Watch/Watch')?.createRequest ?? null;
  const read = asked<etcd.RangeRequest>(step, 'KV/Range');
  const deleted = asked<etcd.DeleteRangeRequest>(step, 'KV/DeleteRange');
  const whole = [watch, read, deleted].filter((one) => one !== null);
  return [...whole, ...rangesIn(asked(step, 'KV/Txn'))];
}

function rangesIn(txn: etcd.TxnRequest | null): readonly Range[] {
  if (txn === null) return [];
  const operations = [...txn.success, ...txn.failure];
  return [
    ...txn.compare,
    ...operations.flatMap(({ requestRange, requestDeleteRange, requestTxn }) => [
      ...[requestRange, requestDeleteRange].filter((one) => one !== null),
      ...rangesIn(requestTxn),
    ]),
  ];
}

import { etcd } from '@quorate/schema';

type Fields = Record<string, unknown>;

const { KEY, VERSION, CREATE, MOD } = etcd.RangeRequestSortTarget;

/**
 * Keys that sort equal come in any order from etcd, and in key order from here; and where a limit
 * cuts through them, any of them are left.
 *
 * @returns whether two answers to a range are the same but for that
 */
export function areEqualButForOrder(
  request: etcd.RangeRequest,
  first: unknown,
  second: unknown,
): boolean {
  const { kvs: ones = [], ...oneRest } = (first ?? {}) as { kvs?: readonly Fields[] } & Fields;
  const { kvs: others = [], ...otherRest } = (second ?? {}) as { kvs?: readonly Fields[] } & Fields;
  if (JSON.stringify(oneRest) !== JSON.stringify(otherRest)) return false;
  if (JSON.stringify(ones) === JSON.stringify(others)) return true;
  if (request.sortTarget === KEY || ones.length !== others.length) return false;
  const isCut = oneRest['more'] === true;
  const rank = (kv: Fields) => rankOf(request, kv);
  if (!ones.every((kv, at) => rank(kv) === rank(others[at] as Fields))) return false;
  const last = rank(ones.at(-1) as Fields);
  const isSettled = (kv: Fields) => !isCut || rank(kv) !== last;
  const told = (kvs: readonly Fields[]) => kvs.filter(isSettled).map(text).toSorted().join();
  return told(ones) === told(others) && new Set(others.map(text)).size === others.length;
}

/** As `areEqualButForOrder`, wherever in a transaction's answer such ranges are. */
export function areTxnsEqualButForOrder(
  request: etcd.TxnRequest,
  first: unknown,
  second: unknown,
): boolean {
  const { responses: ones = [], ...oneRest } = (first ?? {}) as Answers;
  const { responses: others = [], ...otherRest } = (second ?? {}) as Answers;
  if (JSON.stringify(oneRest) !== JSON.stringify(otherRest)) return false;
  if (ones.length !== others.length) return false;
  const operations = oneRest['succeeded'] === true ? request.success : request.failure;
  return ones.every((one, at) => {
    const other = others[at] as Fields;
    const { requestRange = null, requestTxn = null } = operations[at] ?? {};
    if (requestRange !== null) {
      return areEqualButForOrder(requestRange, one['response_range'], other['response_range']);
    }
    return requestTxn === null
      ? JSON.stringify(one) === JSON.stringify(other)
      : areTxnsEqualButForOrder(requestTxn, one['response_txn'], other['response_txn']);
  });
}

type Answers = { readonly responses?: readonly Fields[] } & Fields;

/** What it is sorted by; of values that were not asked for nothing can be said. */
function rankOf({ sortTarget, keysOnly }: etcd.RangeRequest, kv: Fields): string {
  switch (sortTarget) {
    case VERSION:
      return String(kv['version']);
    case CREATE:
      return String(kv['create_revision']);
    case MOD:
      return String(kv['mod_revision']);
    default:
      return keysOnly ? '' : String(kv['value']);
  }
}

function text(kv: Fields): string {
  return JSON.stringify(kv);
}

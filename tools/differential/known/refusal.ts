import type { Outcome } from '../operation.ts';

type Fields = Record<string, unknown>;

/** An error as clients see it, over either wire. */
export interface Refusal {
  /** Of gRPC. */
  readonly code: number;
  readonly text: string;
}

/** What the gateway's status is for a code of gRPC. */
const httpStatuses: Readonly<Record<number, number>> = {
  2: 500,
  3: 400,
  5: 404,
  7: 403,
  8: 429,
  9: 412,
  11: 400,
  13: 500,
  14: 503,
  15: 500,
  16: 401,
};

export function isGood({ status }: Outcome): boolean {
  return status === 0 || status === 200;
}

/** @returns null when it is none, or one that is not written as the gateway writes them */
export function refusalOf(outcome: Outcome): Refusal | null {
  const { status, message, body } = outcome;
  if (message !== '') return { code: status, text: message };
  const { json, headers } = (body ?? {}) as Fields;
  const { code, error, message: text, ...rest } = (json ?? {}) as Fields;
  const isWhole =
    typeof code === 'number' &&
    typeof text === 'string' &&
    error === text &&
    Object.keys(rest).length === 0 &&
    httpStatuses[code] === status &&
    (headers as Fields | undefined)?.['content-type'] === 'application/json';
  return isWhole ? { code, text } : null;
}

/** The texts of etcd's refusals with the codes that are theirs. */
const codes: Readonly<Record<string, number>> = {
  'user name is empty': 3,
  'permission denied': 7,
  'invalid auth token': 16,
  'permission not given': 3,
  'invalid auth management': 3,
  'request is too large': 3,
  'duplicate key given in txn request': 3,
  'key is not provided': 3,
  'invalid sort option': 3,
  'user name not found': 9,
  'role name not found': 9,
  'corrupt cluster': 15,
  'mvcc: database space exceeded': 8,
  'mvcc: required revision has been compacted': 11,
};

/** @param text without `etcdserver: `; the code must be the one that belongs to it */
export function isRefusedAs(outcome: Outcome, ...texts: readonly string[]): boolean {
  const refusal = refusalOf(outcome);
  return texts.some(
    (text) => refusal?.text === `etcdserver: ${text}` && refusal.code === codes[text],
  );
}

/** What was answered, without what the gateway puts around it. */
export function answerOf({ body }: Outcome): Fields {
  const { json, ...rest } = (body ?? {}) as Fields;
  return (json ?? rest) as Fields;
}

export function isSame(first: unknown, second: unknown): boolean {
  return JSON.stringify(first) === JSON.stringify(second);
}

/** Status, and of HTTP the headers. */
export function areAlikeButForBodies(etcd: Outcome, ours: Outcome): boolean {
  const headers = ({ body }: Outcome) => ((body ?? {}) as Fields)['headers'];
  return etcd.status === ours.status && isSame(headers(etcd), headers(ours));
}

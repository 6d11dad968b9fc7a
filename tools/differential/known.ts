import { decodeMessage, etcd, messageToJson } from '@quorate/schema';
import type { Outcome, Step } from './operation.ts';
import type { Both } from './pair.ts';

/** A difference that is meant, and why. */
export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  /** The servers may not have the same data any more and begin anew. */
  readonly parts: (both: Both) => boolean;
  readonly matches: (step: Step, both: Both) => boolean;
}

type Fields = Record<string, unknown>;

const never = (): boolean => false;

export const knownDifferences: readonly KnownDifference[] = [
  {
    name: 'JSON wording',
    reason:
      'what is wrong with a body that is no message is said in other words; status and code agree',
    parts: never,
    matches: (step, both) =>
      (step.kind === 'gatewayWatch' && both.every(isMalformedStream)) ||
      (step.kind === 'http' &&
        both.every(isMalformed) &&
        both.every(({ status }, _, [first]) => status === first?.status)),
  },
  {
    name: 'protobuf wording',
    reason: 'what is wrong with bytes that are no message is said in other words; the code agrees',
    parts: never,
    matches: (step, both) =>
      step.kind === 'grpc' &&
      both.every(({ status, message }) => status === 13 && message.startsWith(unmarshalling)),
  },
  {
    name: 'protobuf leniency',
    reason: 'a field of another wire type is passed over here, an odd unknown one in etcd',
    parts: (both) => both.some(isGood),
    matches: (step, both) =>
      step.kind === 'grpc' &&
      both.filter(({ message }) => message.startsWith(unmarshalling)).length === 1,
  },
  {
    name: 'watch to the end of all keys',
    reason: 'needs permission for all of them here; 3.4 asks only for the first (a hole in it)',
    parts: () => true,
    matches: (step, both) =>
      (step.kind === 'gatewayWatch' || step.kind === 'settle') &&
      both.filter(({ body }) => JSON.stringify(body).includes('PermissionDenied')).length === 1,
  },
  {
    name: 'header of alarms',
    reason: 'the answer to Alarm has a header since 3.5',
    parts: never,
    matches: (step, [etcd, ours]) =>
      isCall(step, 'Alarm', 'maintenance/alarm') &&
      JSON.stringify(etcd.body) === JSON.stringify(withoutHeader(ours.body)),
  },
  {
    name: 'reason of health',
    reason: '/health says a reason since 3.5, empty when all is well',
    parts: never,
    matches: (step, [etcd, ours]) =>
      pathOf(step).startsWith('/health') &&
      JSON.stringify(etcd.body) === JSON.stringify(ours.body).replace(',"reason":""', ''),
  },
  {
    name: 'paths as they are',
    reason:
      'a path with .. or // or %72 is sent elsewhere (301) or read by etcd; here it is unknown',
    parts: never,
    matches: (step, [, ours]) =>
      step.kind === 'http' && /\/\/|\/\.\.|%/.test(step.path) && ours.status === 404,
  },
  {
    name: 'role root',
    reason: 'RoleGet of root names what it may do since 3.5; 3.4 shows what was granted',
    parts: never,
    matches: (step, both) =>
      isCall(step, 'RoleGet', 'role/get') && both.every(isGood) && isAboutRoot(step),
  },
  {
    name: 'cut before sorting',
    reason:
      'with a sort target, no sort order and a limit, etcd sorts only the first limit + 1 keys',
    parts: never,
    matches: (step, both) => both.every(isGood) && isOddlyCut(step),
  },
  {
    name: 'order of equals',
    reason: 'keys that sort equal come in any order from etcd, and in key order from here',
    parts: never,
    matches: (step, both) =>
      isCall(step, 'Range', 'kv/range') && both.every(isGood) && isSorted(step) && areSimilar(both),
  },
  {
    name: 'user without a name',
    reason: 'who has no token may ask etcd for the user without a name, as for oneself',
    parts: never,
    matches: (step, [etcd, ours]) =>
      isCall(step, 'UserGet', 'user/get') &&
      refusedAs(etcd, 'user name not found') &&
      refusedAs(ours, 'user name is empty'),
  },
  {
    name: 'null on a stream',
    reason: 'etcd takes null for the empty message also on streams of the gateway',
    parts: never,
    matches: (step) =>
      (step.kind === 'gatewayWatch' || pathOf(step).endsWith('/keepalive')) &&
      'body' in step &&
      step.body === 'null',
  },
  {
    name: 'no permission given',
    reason: 'refused first since 3.5; 3.4 looks for the role, and ends itself when there is one',
    parts: never,
    matches: (step, [, ours]) =>
      isCall(step, 'RoleGrantPermission', 'role/grant') && refusedAs(ours, 'permission not given'),
  },
  {
    name: 'who may compact',
    reason: 'only who has the role root since 3.5; everybody in 3.4',
    parts: ([etcd]) => isGood(etcd),
    matches: (step, [, ours]) =>
      isCall(step, 'Compact', 'kv/compaction') &&
      (refusedAs(ours, 'permission denied') || refusedAs(ours, 'user name is empty')),
  },
  {
    name: 'leases without a token',
    reason: 'refused since 3.5 while auth is on, as are alarms, members and MoveLeader',
    parts: ([etcd]) => isGood(etcd),
    matches: (step, [, ours]) =>
      isOpenIn34(step) &&
      ['user name is empty', 'invalid auth token', 'permission denied'].some((text) =>
        refusedAs(ours, text),
      ),
  },
  {
    name: 'permissions inside nested transactions',
    reason: 'asked since 3.6 at any depth; 3.4 does not look into a transaction in a transaction',
    parts: ([etcd]) => isGood(etcd),
    matches: (step, [, ours]) =>
      isCall(step, 'Txn', 'kv/txn') && hasNested(step) && refusedAs(ours, 'permission denied'),
  },
  {
    name: 'empty transaction without a token',
    reason: 'a transaction that touches no key needs no user in etcd; here every call needs one',
    parts: never,
    matches: (step, [etcd, ours]) =>
      isCall(step, 'Txn', 'kv/txn') &&
      isGood(etcd) &&
      (refusedAs(ours, 'user name is empty') || refusedAs(ours, 'invalid auth token')),
  },
  {
    name: 'too large and not allowed',
    reason: 'who may not is told so first here, and in etcd only what is not too large',
    parts: never,
    matches: (_step, [etcd, ours]) =>
      refusedAs(etcd, 'request is too large') &&
      (refusedAs(ours, 'user name is empty') || refusedAs(ours, 'permission denied')),
  },
  {
    name: 'maintenance wording',
    reason: 'refusals of Hash, HashKV and the like begin with auth: in 3.4 and have no code',
    parts: never,
    matches: (step, [etcd, ours]) =>
      isMaintenance(step) &&
      textOf(etcd).startsWith('auth: ') &&
      textOf(ours) === textOf(etcd).replace('auth: ', 'etcdserver: '),
  },
  {
    name: 'permission on an empty range',
    reason: 'refused since 3.5 (invalid auth management); 3.4 grants it',
    parts: ([etcd]) => isGood(etcd),
    matches: (step, [, ours]) =>
      isCall(step, 'RoleGrantPermission', 'role/grant') &&
      refusedAs(ours, 'invalid auth management'),
  },
];

const unmarshalling = 'grpc: error unmarshalling request';

/** @returns why the answers may differ, or null when they may not */
export function knownDifference(step: Step, both: Both): KnownDifference | null {
  return knownDifferences.find(({ matches }) => matches(step, both)) ?? null;
}

function isGood({ status }: Outcome): boolean {
  return status === 0 || status === 200;
}

function isCall(step: Step, method: string, path: string): boolean {
  if (step.kind === 'grpc') return step.rpc.path.endsWith(`/${method}`);
  return step.kind === 'http' && step.path.endsWith(path);
}

function refusedAs(outcome: Outcome, text: string): boolean {
  return textOf(outcome) === `etcdserver: ${text}`;
}

function textOf(outcome: Outcome): string {
  return outcome.message === '' ? (errorOf(outcome)?.message ?? '') : outcome.message;
}

/** The gateway's own refusal, not one of a method. */
function isMalformed(outcome: Outcome): boolean {
  const error = errorOf(outcome);
  const isRefused = outcome.status === 400 || outcome.status === 500;
  return isRefused && error !== null && !/^(?:etcdserver|auth|mvcc): /.test(error.message);
}

function isMalformedStream({ body }: Outcome): boolean {
  const [ended] = ((body as Fields)['stream'] ?? []) as readonly Fields[];
  return ended?.['code'] === 500;
}

function withoutHeader(body: unknown): unknown {
  const { header: _, json, ...rest } = body as Fields;
  return json === undefined ? rest : { ...rest, json: withoutHeader(json) };
}

function isAboutRoot(step: Step): boolean {
  return JSON.stringify(asked(step)).includes('"role":"root"');
}

function isOddlyCut(step: Step): boolean {
  const range = asked(step) as Fields;
  const isOrdered = range['sort_order'] !== undefined || range['sortOrder'] !== undefined;
  return isCall(step, 'Range', 'kv/range') && !isOrdered && Number(range['limit']) > 0;
}

function isSorted(step: Step): boolean {
  const range = asked(step) as Fields;
  return range['sort_target'] !== undefined || range['sortTarget'] !== undefined;
}

/** All but which keys they are. */
function areSimilar(both: Both): boolean {
  const [etcd, ours] = both.map(({ body }) => {
    const answer = ((body as Fields)['json'] ?? body) as Fields;
    const { kvs, ...rest } = answer;
    return JSON.stringify([rest, ((kvs ?? []) as readonly unknown[]).length]);
  });
  return etcd === ours;
}

/** What was asked, as JSON; of the gateway as it was written. */
function asked(step: Step): unknown {
  if (step.kind === 'grpc' && typeof step.request !== 'function') {
    const request = decodeMessage(step.rpc.request.codec, step.request);
    return request === null ? {} : messageToJson(step.rpc.request.json, request);
  }
  if (step.kind !== 'http' || typeof step.body !== 'string') return {};
  try {
    return JSON.parse(step.body) as unknown;
  } catch {
    return {};
  }
}

function hasNested(step: Step): boolean {
  if (step.kind === 'http') return /request_?txn/i.test(String(step.body));
  if (step.kind !== 'grpc' || typeof step.request === 'function') return false;
  const txn = decodeMessage(etcd.TxnRequest, step.request);
  return [...(txn?.success ?? []), ...(txn?.failure ?? [])].some(
    ({ requestTxn }) => requestTxn !== null,
  );
}

function isMaintenance(step: Step): boolean {
  return pathOf(step).includes('aintenance');
}

/** Who may call these was not asked in 3.4. */
function isOpenIn34(step: Step): boolean {
  return /lease|alarm|status|member|leader/i.test(pathOf(step)) || step.kind === 'keepAlive';
}

function pathOf(step: Step): string {
  return step.kind === 'grpc' ? step.rpc.path : step.kind === 'http' ? step.path : '';
}

/** Of the gateway's answer. */
function errorOf({ body }: Outcome): { readonly code: number; readonly message: string } | null {
  const { code, message } = ((body as Fields | null)?.['json'] ?? {}) as Fields;
  return typeof code === 'number' && typeof message === 'string' ? { code, message } : null;
}

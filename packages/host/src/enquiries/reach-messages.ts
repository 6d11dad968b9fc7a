import { ByteReader, ByteReaderError, ByteWriter } from '@quorate/base';
import type { DurabilityClass, GroupId, LogIndex, NodeId } from '@quorate/schema';

/**
 * What a node that is no member of a group asks of one that is, after a first byte that neither
 * JSON nor a feed's request begins with. All integers are varints.
 *
 * ```
 * propose  16, group, depth, domains (both 0: no durability class), command to the end
 * query    17, group, consistency, maxStalenessMs, minIndex, query to the end
 * ```
 */
export type ReachRequest =
  | {
      readonly kind: 'propose';
      readonly group: GroupId;
      readonly durability: DurabilityClass | null;
      readonly command: Uint8Array;
    }
  | ({
      readonly kind: 'query';
      readonly group: GroupId;
      readonly query: Uint8Array;
    } & QueryConsistency);

export interface QueryConsistency {
  readonly consistency: 'linearizable' | 'lease' | 'bounded' | 'local';
  /** Of `bounded`; else 0. */
  readonly maxStalenessMs: number;
  readonly minIndex: LogIndex;
}

/**
 * ```
 * applied    16, leader, index, result to the end
 * answered   17, leader, answer to the end
 * elsewhere  18, leader
 * failed     19, { code, message, metadata } as JSON to the end
 * ```
 */
export type ReachAnswer =
  /** `leader`: whom to ask the next time; 0: unknown. */
  | {
      readonly kind: 'applied';
      readonly leader: NodeId;
      readonly index: LogIndex;
      readonly result: Uint8Array;
    }
  | { readonly kind: 'answered'; readonly leader: NodeId; readonly answer: Uint8Array }
  /** Nothing was done: who was asked has no part in the group, or knows no leader. */
  | { readonly kind: 'elsewhere'; readonly leader: NodeId }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly metadata: Readonly<Record<string, unknown>>;
    };

const requestKinds = { propose: 16, query: 17 } as const;
const answerKinds = { applied: 16, answered: 17, elsewhere: 18, failed: 19 } as const;
const consistencies = ['linearizable', 'lease', 'bounded', 'local'] as const;

/** Of one error. */
const mostMetadata = 16;

/** More than there may be members. */
const maxDomains = 1024;

/** The most that an answer has beside its result. */
export const answerHeadBytes = 32;

const text = new TextEncoder();
const textOf = new TextDecoder('utf-8', { fatal: true });

export function isReachRequest(bytes: Uint8Array): boolean {
  return bytes[0] === requestKinds.propose || bytes[0] === requestKinds.query;
}

export function encodeReachRequest(request: ReachRequest): Uint8Array {
  const content = request.kind === 'propose' ? request.command : request.query;
  const writer = new ByteWriter(content.length + answerHeadBytes);
  writer.varint(requestKinds[request.kind]);
  writer.varint(request.group);
  if (request.kind === 'propose') {
    writer.varint(request.durability?.depth ?? 0);
    writer.varint(request.durability?.domains ?? 0);
  } else {
    writer.varint(consistencies.indexOf(request.consistency));
    writer.varint(request.maxStalenessMs);
    writer.varint(request.minIndex);
  }
  writer.raw(content);
  return writer.take();
}

/** @returns null when the bytes are no request that this version knows; else with a copy of them */
export function decodeReachRequest(bytes: Uint8Array): ReachRequest | null {
  return guarded(() => {
    const reader = new ByteReader(bytes);
    const kind = reader.varint();
    const group = reader.varint();
    if (kind === requestKinds.propose) {
      const depth = reader.varint();
      const domains = reader.varint();
      if (depth > maxDomains || domains > maxDomains) return null;
      if ((depth === 0) !== (domains === 0)) return null;
      const durability = domains === 0 ? null : { depth, domains };
      return { kind: 'propose', group, durability, command: bytes.slice(reader.offset) };
    }
    const consistency = consistencies[reader.varint()];
    const maxStalenessMs = reader.varint();
    const minIndex = reader.varint();
    if (kind !== requestKinds.query || consistency === undefined) return null;
    const query = bytes.slice(reader.offset);
    return { kind: 'query', group, consistency, maxStalenessMs, minIndex, query };
  });
}

export function encodeReachAnswer(answer: ReachAnswer): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(answerKinds[answer.kind]);
  if (answer.kind === 'failed') {
    const { code, message, metadata } = answer;
    writer.raw(text.encode(JSON.stringify({ code, message, metadata })));
    return writer.take();
  }
  writer.varint(answer.leader);
  if (answer.kind === 'applied') {
    writer.varint(answer.index);
    writer.raw(answer.result);
  } else if (answer.kind === 'answered') {
    writer.raw(answer.answer);
  }
  return writer.take();
}

/** @returns null when the bytes are no answer that this version knows; else with a copy of them */
export function decodeReachAnswer(bytes: Uint8Array): ReachAnswer | null {
  return guarded(() => {
    const reader = new ByteReader(bytes);
    const kind = reader.varint();
    if (kind === answerKinds.failed) return failedAnswer(bytes.subarray(reader.offset));
    const leader = reader.varint();
    switch (kind) {
      case answerKinds.applied: {
        const index = reader.varint();
        return { kind: 'applied', leader, index, result: bytes.slice(reader.offset) };
      }
      case answerKinds.answered:
        return { kind: 'answered', leader, answer: bytes.slice(reader.offset) };
      case answerKinds.elsewhere:
        return { kind: 'elsewhere', leader };
      default:
        return null;
    }
  });
}

function failedAnswer(bytes: Uint8Array): ReachAnswer | null {
  const found: unknown = JSON.parse(textOf.decode(bytes));
  const { code, message, metadata } = (found ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  const given = typeof metadata === 'object' && metadata !== null ? Object.entries(metadata) : [];
  const plain = given.slice(0, mostMetadata).filter(([, value]) => isPlain(value));
  return { kind: 'failed', code, message, metadata: Object.fromEntries(plain) };
}

/** What metadata of errors is made of. */
function isPlain(value: unknown): boolean {
  return typeof value === 'string' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

function guarded<Value>(decode: () => Value | null): Value | null {
  try {
    return decode();
  } catch (error) {
    const isFromOutside =
      error instanceof ByteReaderError ||
      error instanceof SyntaxError ||
      error instanceof TypeError;
    if (isFromOutside) return null;
    throw error;
  }
}

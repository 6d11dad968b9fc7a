// How the tests of this package write requests and read results: text for bytes, one char a byte.
import type { AppliedEntry } from '@quorate/base';
import {
  type CompactRequest,
  type Compare,
  type CompareOperator,
  type DeleteRangeRequest,
  encodeCommand,
  type KeyValue,
  type KvCommand,
  type KvStateMachine,
  KvStore,
  type LeaseGrantRequest,
  type LeaseTickRequest,
  type Operation,
  type PutRequest,
  type RangeRequest,
  type TxnRequest,
} from '../src/index.ts';

export const FROM_KEY = '\0';

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export function text(value: Uint8Array): string {
  return String.fromCharCode(...value);
}

export function put(key: string, value: string, options: Partial<PutRequest> = {}): PutRequest {
  return {
    kind: 'put',
    key: bytes(key),
    value: bytes(value),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
    ...options,
  };
}

export function del(key: string, rangeEnd = '', prevKv = false): DeleteRangeRequest {
  return { kind: 'deleteRange', key: bytes(key), rangeEnd: bytes(rangeEnd), prevKv };
}

export function range(
  key: string,
  rangeEnd = '',
  options: Partial<RangeRequest> = {},
): RangeRequest {
  return {
    kind: 'range',
    key: bytes(key),
    rangeEnd: bytes(rangeEnd),
    limit: 0,
    revision: 0,
    sortOrder: 'none',
    sortTarget: 'key',
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
    ...options,
  };
}

export function everything(options: Partial<RangeRequest> = {}): RangeRequest {
  return range('\0', FROM_KEY, options);
}

export function txn(
  compares: readonly Compare[],
  success: readonly Operation[],
  failure: readonly Operation[] = [],
): TxnRequest {
  return { kind: 'txn', compares, success, failure };
}

export function compare(
  key: string,
  operator: CompareOperator,
  operand: Compare['operand'],
  rangeEnd = '',
): Compare {
  return { key: bytes(key), rangeEnd: bytes(rangeEnd), operator, operand };
}

export function compact(revision: number): CompactRequest {
  return { kind: 'compact', revision };
}

/** @param id 0n: one is picked */
export function grant(id: bigint, ttlSeconds = 60): LeaseGrantRequest {
  return { kind: 'leaseGrant', id, ttlSeconds };
}

export function tick(after: number, elapsedMs: number): LeaseTickRequest {
  return { kind: 'leaseTick', after, elapsedMs };
}

export function storeWithLeases(...ids: readonly bigint[]): KvStore {
  const store = new KvStore();
  for (const id of ids) store.execute(grant(id));
  return store;
}

export function entriesOf(commands: readonly KvCommand[]): AppliedEntry[] {
  return commands.map((command, i) => ({
    index: i + 1,
    term: 1,
    timestampMicros: i + 1,
    command: encodeCommand(command),
  }));
}

/** Results as plain values: bytes as text, bigints as text, so that any two can be compared. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return text(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

/** `key=value` of each, which is what most tests care about. */
export function pairs(keyValues: readonly KeyValue[]): string[] {
  return keyValues.map((keyValue) => `${text(keyValue.key)}=${text(keyValue.value)}`);
}

export function drawSnapshot(
  machine: KvStateMachine,
  betweenChunks: () => void = () => {},
): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const snapshot = machine.snapshot();
  for (let next = snapshot.next(); !next.done; next = snapshot.next()) {
    chunks.push(next.value);
    betweenChunks();
  }
  return chunks;
}

export function restoreFrom(machine: KvStateMachine, chunks: readonly Uint8Array[]): void {
  const sink = machine.restore();
  for (const chunk of chunks) {
    const passing = chunk.slice();
    sink.chunk(passing);
    // The chunk is the caller's again after the call; whoever kept a view of it will notice.
    passing.fill(0xee);
  }
  sink.finish();
}

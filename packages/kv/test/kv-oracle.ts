// Long because: all that the store does is here once more, simply; pieces would not be simple.
// The slowest right answer: every change ever made in one array, scanned from the start each time.
import type {
  Compare,
  KvCommand,
  KvRefusal,
  LeaseCommand,
  Operation,
  PutRequest,
  RangeRequest,
} from '../src/index.ts';
import { text } from './requests.ts';

interface Change {
  readonly revision: number;
  readonly key: string;
  /** null: deleted */
  readonly now: PlainKeyValue | null;
}

interface PlainKeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: string;
}

interface PlainLease {
  readonly id: bigint;
  readonly ttlSeconds: number;
  /** Null until the tick after the last renewal. */
  startMs: number | null;
}

interface PlainRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** What a member of a branch may write: keys put, and tests for keys deleted. */
interface MayWrite {
  readonly puts: string[];
  readonly deletes: ((key: string) => boolean)[];
}

class Refused extends Error {
  readonly refusal: KvRefusal;

  constructor(refusal: KvRefusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

/** Answers in the form that `plain` gives to real results. */
export class KvOracle {
  #leases: PlainLease[] = [];
  #leaseMs = 0;
  #ticks = 0;
  #changes: Change[] = [];
  revision = 1;
  compactedRevision = -1;

  /** @param picked the id that a lease got which had asked for none */
  execute(command: KvCommand, picked = 0n): unknown {
    const saved = this.#changes;
    this.#changes = [...saved];
    try {
      if (command.kind === 'compact') return this.#compact(command.revision);
      if (isAboutLeases(command)) return this.#lease(command, picked);
      const refusal = refusalOfShape(command);
      if (refusal !== null) throw new Refused(refusal);
      if (command.kind === 'txn') {
        this.#checkPath('put', command, saved);
        this.#checkPath('range', command, saved);
      } else if (command.kind === 'put') {
        if (command.lease !== 0n && !this.#isLease(command.lease)) {
          throw new Refused('leaseNotFound');
        }
        this.#checkKept(command, saved);
      }
      const result = this.#run(command, saved);
      this.revision = this.#now;
      return result;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#changes = saved;
      return { kind: 'refused', refusal: error.refusal, revision: this.revision };
    }
  }

  range(request: RangeRequest): unknown {
    let refusal: KvRefusal | null = null;
    if (request.key.length === 0) refusal = 'emptyKey';
    else if (request.revision > this.revision) refusal = 'futureRevision';
    else if (request.revision > 0 && request.revision < this.compactedRevision) {
      refusal = 'compacted';
    }
    if (refusal !== null) return { kind: 'refused', refusal, revision: this.revision };
    return this.#range(request);
  }

  keys(): number {
    return stateAt(this.#changes, Number.POSITIVE_INFINITY).length;
  }

  get #now(): number {
    return Math.max(this.revision, ...this.#changes.slice(-1).map((change) => change.revision));
  }

  /** In the order in which they were granted, as `KvStateMachine.leases` and `lease` tell. */
  leases(): unknown[] {
    return this.#leases.map(({ id, ttlSeconds, startMs }) => ({
      id: `${id}n`,
      ttlSeconds,
      leftMs: startMs === null ? null : startMs + ttlSeconds * 1000 - this.#leaseMs,
      keys: stateAt(this.#changes, Number.POSITIVE_INFINITY)
        .filter((one) => one.lease === `${id}n`)
        .map((one) => one.key),
    }));
  }

  #isLease(id: bigint): boolean {
    return this.#leases.some((lease) => lease.id === id);
  }

  #lease(command: LeaseCommand, picked: bigint): unknown {
    const { kind } = command;
    switch (kind) {
      case 'leaseGrant': {
        const { ttlSeconds } = command;
        if (ttlSeconds > 9_000_000_000) throw new Refused('leaseTtlTooLarge');
        const id = command.id === 0n ? picked : command.id;
        if (this.#isLease(id)) throw new Refused('leaseExists');
        if (command.id === 0n && picked <= 0n) throw new Error(`${picked} was picked`);
        this.#leases.push({ id, ttlSeconds, startMs: null });
        return { kind, id: `${id}n`, ttlSeconds, revision: this.revision };
      }
      case 'leaseRevoke':
        if (!this.#isLease(command.id)) throw new Refused('leaseNotFound');
        this.#end(command.id);
        return { kind, revision: this.revision };
      case 'leaseKeepAlive': {
        const renewed = command.ids.map((id) => this.#leases.find((one) => one.id === id));
        for (const lease of renewed) if (lease !== undefined) lease.startMs = null;
        const ttlSeconds = renewed.map((lease) => lease?.ttlSeconds ?? 0);
        return { kind, ttlSeconds, revision: this.revision };
      }
      case 'leaseTick': {
        const isNext = command.after === this.#ticks;
        const elapsedMs = Math.min(command.elapsedMs, 24 * 60 * 60 * 1000);
        const expired = isNext ? this.#tick(elapsedMs) : [];
        return { kind, expired, revision: this.revision };
      }
    }
  }

  #tick(elapsedMs: number): string[] {
    this.#ticks += 1;
    this.#leaseMs += elapsedMs;
    for (const lease of this.#leases) lease.startMs ??= this.#leaseMs;
    const over = this.#leases
      .map(({ id, ttlSeconds, startMs }) => ({ id, endMs: (startMs ?? 0) + ttlSeconds * 1000 }))
      .filter(({ endMs }) => endMs <= this.#leaseMs)
      .sort((a, b) => a.endMs - b.endMs || (a.id < b.id ? -1 : 1));
    for (const { id } of over) this.#end(id);
    return over.map(({ id }) => `${id}n`);
  }

  #end(id: bigint): void {
    const attached = stateAt(this.#changes, Number.POSITIVE_INFINITY).filter(
      (one) => one.lease === `${id}n`,
    );
    const revision = this.revision + 1;
    for (const { key } of attached) this.#changes.push({ revision, key, now: null });
    this.revision = this.#now;
    this.#leases = this.#leases.filter((lease) => lease.id !== id);
  }

  #compact(revision: number): unknown {
    if (revision <= this.compactedRevision) throw new Refused('compacted');
    if (revision > this.revision) throw new Refused('futureRevision');
    this.compactedRevision = revision;
    return { kind: 'compact', revision: this.revision };
  }

  #checkKept(put: PutRequest, before: Change[]): void {
    if (!put.ignoreValue && !put.ignoreLease) return;
    if (find(before, text(put.key)) === undefined) throw new Refused('keyNotFound');
  }

  #checkPath(kind: 'put' | 'range', operation: Operation, before: Change[]): void {
    if (operation.kind === 'txn') {
      for (const next of branchOf(operation, before)) this.#checkPath(kind, next, before);
    } else if (operation.kind !== kind) return;
    else if (operation.kind === 'put') {
      this.#checkKept(operation, before);
      if (operation.lease !== 0n && !this.#isLease(operation.lease)) {
        throw new Refused('leaseNotFound');
      }
    } else if (operation.kind === 'range' && operation.revision !== 0) {
      if (operation.revision > this.revision) throw new Refused('futureRevision');
      if (operation.revision < this.compactedRevision) throw new Refused('compacted');
    }
  }

  #run(operation: Operation, before: Change[]): unknown {
    switch (operation.kind) {
      case 'range':
        return this.#range(operation);
      case 'put':
        return this.#put(operation);
      case 'deleteRange': {
        const doomed = stateAt(this.#changes, Number.POSITIVE_INFINITY).filter((one) =>
          isWithin(one.key, operation),
        );
        for (const { key } of doomed) {
          this.#changes.push({ revision: this.revision + 1, key, now: null });
        }
        const previous = operation.prevKv ? doomed : [];
        return { kind: 'deleteRange', deleted: doomed.length, previous, revision: this.#now };
      }
      case 'txn': {
        const succeeded = operation.compares.every((compare) => holds(before, compare));
        const responses = branchOf(operation, before).map((next) => this.#run(next, before));
        return { kind: 'txn', succeeded, responses, revision: this.#now };
      }
      default:
        throw new Error('an empty operation was refused');
    }
  }

  #put(put: PutRequest): unknown {
    const key = text(put.key);
    const before = find(this.#changes, key);
    const revision = this.revision + 1;
    const now = {
      key,
      value: put.ignoreValue ? (before?.value ?? '') : text(put.value),
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
      lease: put.ignoreLease ? (before?.lease ?? '') : `${put.lease}n`,
    };
    this.#changes.push({ revision, key, now });
    return { kind: 'put', previous: put.prevKv ? (before ?? null) : null, revision };
  }

  #range(request: RangeRequest): unknown {
    const revision = request.revision > 0 ? request.revision : Number.POSITIVE_INFINITY;
    const all = stateAt(this.#changes, revision).filter((one) => isWithin(one.key, request));
    const count = all.length;
    let found = all.filter(
      (one) =>
        !(request.minModRevision !== 0 && one.modRevision < request.minModRevision) &&
        !(request.maxModRevision !== 0 && one.modRevision > request.maxModRevision) &&
        !(request.minCreateRevision !== 0 && one.createRevision < request.minCreateRevision) &&
        !(request.maxCreateRevision !== 0 && one.createRevision > request.maxCreateRevision),
    );
    if (request.sortOrder === 'none' && !hasBounds(request)) {
      if (request.limit > 0) found = found.slice(0, request.limit + 1);
    }
    const sign = request.sortOrder === 'descend' ? -1 : 1;
    const fieldOf = (one: PlainKeyValue): string | number =>
      ({
        key: one.key,
        version: one.version,
        create: one.createRevision,
        mod: one.modRevision,
        value: one.value,
      })[request.sortTarget];
    found.sort((a, b) => (fieldOf(a) < fieldOf(b) ? -sign : fieldOf(a) > fieldOf(b) ? sign : 0));
    const more = !request.countOnly && request.limit > 0 && found.length > request.limit;
    if (more) found = found.slice(0, request.limit);
    if (request.keysOnly) found = found.map((one) => ({ ...one, value: '' }));
    const keyValues = request.countOnly ? [] : found;
    return { kind: 'range', keyValues, more, count, revision: this.#now };
  }
}

const hasBounds = (request: RangeRequest): boolean =>
  Object.entries(request).some(([name, value]) => /^m(?:in|ax)/.test(name) && value !== 0);

function isAboutLeases(command: KvCommand): command is LeaseCommand {
  return command.kind.startsWith('lease');
}

function stateAt(changes: readonly Change[], revision: number): PlainKeyValue[] {
  const state = new Map<string, PlainKeyValue | null>();
  for (const change of changes) {
    if (change.revision <= revision) state.set(change.key, change.now);
  }
  const live = [...state.values()].filter((one) => one !== null);
  return live.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function find(changes: readonly Change[], key: string): PlainKeyValue | undefined {
  return stateAt(changes, Number.POSITIVE_INFINITY).find((one) => one.key === key);
}

function isWithin(key: string, range: PlainRange): boolean {
  const start = text(range.key);
  const end = text(range.rangeEnd);
  if (end === '') return key === start;
  return key >= start && (end === '\0' || key < end);
}

function branchOf(operation: Operation, before: Change[]): readonly Operation[] {
  if (operation.kind !== 'txn') return [];
  const holdsAll = operation.compares.every((compare) => holds(before, compare));
  return holdsAll ? operation.success : operation.failure;
}

function holds(changes: Change[], compare: Compare): boolean {
  const state = stateAt(changes, Number.POSITIVE_INFINITY);
  const found = state.filter((one) => isWithin(one.key, compare));
  if (found.length > 0) return found.every((one) => holdsFor(one, compare));
  if (compare.operand.target === 'value') return false;
  const missing = {
    key: '',
    value: '',
    createRevision: 0,
    modRevision: 0,
    version: 0,
    lease: '0n',
  };
  return holdsFor(missing, compare);
}

function holdsFor(one: PlainKeyValue, { operator, operand }: Compare): boolean {
  const order = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
  let result = 0;
  if (operand.target === 'value') result = order(one.value, text(operand.value));
  if (operand.target === 'version') result = order(one.version, operand.value);
  if (operand.target === 'create') result = order(one.createRevision, operand.value);
  if (operand.target === 'mod') result = order(one.modRevision, operand.value);
  if (operand.target === 'lease') {
    result = order(BigInt(one.lease.slice(0, -1)), operand.value);
  }
  if (operator === 'equal') return result === 0;
  if (operator === 'notEqual') return result !== 0;
  if (operator === 'greater') return result > 0;
  if (operator === 'less') return result < 0;
  return true;
}

/** What can be said without looking at any state. */
export function refusalOfShape(operation: Operation): KvRefusal | null {
  try {
    checkShape(operation, 128);
    if (operation.kind !== 'txn') return null;
    mayWrite(operation.success);
    mayWrite(operation.failure);
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function checkShape(operation: Operation, allowance: number): void {
  if (operation.kind === 'empty') throw new Refused('emptyOperation');
  if (operation.kind !== 'txn') {
    if (operation.key.length === 0) throw new Refused('emptyKey');
    if (operation.kind !== 'put') return;
    if (operation.ignoreValue && operation.value.length > 0) throw new Refused('valueProvided');
    if (operation.ignoreLease && operation.lease !== 0n) throw new Refused('leaseProvided');
    return;
  }
  const { compares, success, failure } = operation;
  const most = Math.max(compares.length, success.length, failure.length);
  if (most > allowance) throw new Refused('tooManyOperations');
  if (compares.some((compare) => compare.key.length === 0)) throw new Refused('emptyKey');
  for (const next of [...success, ...failure]) checkShape(next, allowance - most);
}

function mayWrite(branch: readonly Operation[]): MayWrite {
  const members = branch.map((operation): MayWrite => {
    if (operation.kind === 'put') return { puts: [text(operation.key)], deletes: [] };
    if (operation.kind === 'deleteRange') {
      return { puts: [], deletes: [(key) => isWithin(key, operation)] };
    }
    if (operation.kind !== 'txn') return { puts: [], deletes: [] };
    const branches = [mayWrite(operation.success), mayWrite(operation.failure)];
    return {
      puts: branches.flatMap((nested) => nested.puts),
      deletes: branches.flatMap((nested) => nested.deletes),
    };
  });
  for (const one of members) {
    for (const other of members) {
      if (one === other) continue;
      for (const key of one.puts) {
        if (other.puts.includes(key) || other.deletes.some((covers) => covers(key))) {
          throw new Refused('duplicateKey');
        }
      }
    }
  }
  return {
    puts: members.flatMap((member) => member.puts),
    deletes: members.flatMap((member) => member.deletes),
  };
}

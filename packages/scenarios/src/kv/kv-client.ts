import type { Prng } from '@quorate/base';
import { encodeCommand, type KvCommand, type KvResult, type RangeRequest } from '@quorate/kv';
import type { KeyValueInput, KeyValueOutput, SimulatedCluster, SimulatedNode } from '@quorate/sim';
import type { ObservedKv } from './applied-log.ts';
import type { ClientWrite, History } from './history.ts';
import type { LinearizabilityOracle, RecordedOperation } from './linearizability-oracle.ts';
import {
  compareAndSetRequest,
  deleteRequest,
  getRequest,
  putRequest,
  rangeRequest,
} from './requests.ts';

export interface KvClientOptions {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  readonly prng: Prng;
  readonly history: History;
  readonly oracle: LinearizabilityOracle;
  readonly id: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** It waits at most this long between two operations. */
  readonly thinkMs: number;
  /** After so long an operation is given up: at least, and at most. */
  readonly patienceMs: readonly [number, number];
}

const text = new TextEncoder();
const textOf = new TextDecoder();
const toTheEnd = new Uint8Array(1);

/** Does one operation after another, through any node, as a real client would. */
export class KvClient {
  readonly #options: KvClientOptions;
  /** What it saw last of each key: what a compare-and-set compares with. */
  readonly #seen = new Map<string, string | null>();
  #lastWrite = { index: 0, revision: 0 };
  #operation = 0;
  #stopped = false;

  constructor(options: KvClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#later(this.#options.prng.between(0, 100));
  }

  stop(): void {
    this.#stopped = true;
  }

  #later(delayMs: number): void {
    this.#options.cluster.scheduler.schedule(delayMs, () => this.#next());
  }

  #next(): void {
    if (this.#stopped) return;
    const { cluster, prng } = this.#options;
    const node = prng.pick(cluster.nodes);
    const operation = ++this.#operation;
    if (node.host === null) {
      // Nobody listens there, which a client learns at once.
      this.#later(prng.between(5, 100));
      return;
    }
    // An operation on a node that dies is never answered: go on with another, its outcome unknown.
    const patienceMs = prng.between(...this.#options.patienceMs);
    cluster.scheduler.schedule(patienceMs, () => {
      if (operation !== this.#operation) return;
      this.#options.history.unknown += 1;
      this.#next();
    });
    // On its way a process may die, and then nobody is asked; one that stands still finds it later.
    const { host } = node;
    node.world.schedule(prng.float(), () => {
      if (node.host === host) this.#ask(node, operation);
    });
  }

  #ask(node: SimulatedNode, operation: number): void {
    const dice = this.#options.prng.float();
    if (dice < 0.42) this.#put(node, operation);
    else if (dice < 0.54) this.#compareAndSet(node, operation);
    else if (dice < 0.6) this.#delete(node, operation);
    else if (dice < 0.86) this.#read(node, operation, dice < 0.8);
    else if (dice < 0.94) this.#readByLease(node, operation);
    else this.#readStale(node, operation);
  }

  /** Calls of a dead process do not happen, but those of an abandoned operation still count. */
  #finished(operation: number): void {
    if (operation !== this.#operation) return;
    this.#operation += 1;
    this.#later(this.#options.prng.between(1, this.#options.thinkMs));
  }

  #key(): string {
    return `key${this.#options.prng.below(this.#options.keys)}`;
  }

  #value(tag: string): string {
    const { prng, valueBytes } = this.#options;
    return tag.padEnd(prng.between(1, valueBytes), 'x');
  }

  #put(node: SimulatedNode, operation: number): void {
    const key = this.#key();
    const tag = `${this.#options.id}.${operation}.`;
    const value = this.#value(tag);
    const command = putRequest(text.encode(key), text.encode(value));
    const input = { kind: 'put', key, value: tag } as const;
    this.#write(node, operation, { tag, kind: 'put', key }, command, input, () => {
      this.#seen.set(key, value);
    });
  }

  #delete(node: SimulatedNode, operation: number): void {
    const key = this.#key();
    const command = deleteRequest(text.encode(key));
    const input = { kind: 'delete', key } as const;
    this.#write(node, operation, { tag: '', kind: 'delete', key }, command, input, () => {
      this.#seen.set(key, null);
    });
  }

  #compareAndSet(node: SimulatedNode, operation: number): void {
    const key = this.#key();
    const tag = `${this.#options.id}.${operation}.`;
    const value = this.#value(tag);
    const expected = this.#seen.get(key) ?? null;
    const command = compareAndSetRequest(
      text.encode(key),
      expected === null ? null : text.encode(expected),
      text.encode(value),
    );
    const input = { kind: 'cas', key, expected: tagOf(expected), value: tag } as const;
    const what = { tag, kind: 'compare-and-set', key } as const;
    this.#write(node, operation, what, command, input, (result) => {
      if (result.kind === 'txn' && result.succeeded) this.#seen.set(key, value);
      else this.#seen.delete(key);
    });
  }

  #write(
    node: SimulatedNode,
    operation: number,
    what: Pick<ClientWrite, 'tag' | 'kind' | 'key'>,
    request: KvCommand,
    input: KeyValueInput,
    done: (result: KvResult) => void,
  ): void {
    const { history, group } = this.#options;
    const seenAtStart = history.highestSeen;
    const command = encodeCommand(request);
    const write: ClientWrite = { ...what, command, outcome: { kind: 'unknown' } };
    history.writes.push(write);
    const recorded = this.#options.oracle.begin(this.#options.id, input);
    node.host?.group<KvResult>(group).propose(command, (error, applied) => {
      if (error?.code === 'RUNTIME_OUTCOME_UNKNOWN') {
        history.unknown += 1;
      } else if (error !== null) {
        history.refused += 1;
        write.outcome = { kind: 'refused', code: error.code };
        recorded?.refused();
      }
      if (applied !== null) {
        const { index, result } = applied;
        history.acknowledged += 1;
        write.outcome = { kind: 'done', index, result };
        history.ended(result.revision, seenAtStart, isChange(result));
        if (index > this.#lastWrite.index) this.#lastWrite = { index, revision: result.revision };
        recorded?.answered(outputOf(result));
        done(result);
      }
      this.#finished(operation);
    });
  }

  #read(node: SimulatedNode, operation: number, isOfOneKey: boolean): void {
    const { history, group } = this.#options;
    const key = isOfOneKey ? this.#key() : null;
    const seenAtStart = history.highestSeen;
    const { machine } = node.stateMachines.get(group) as ObservedKv;
    const recorded = this.#beginGet(key);
    node.host?.group(group).readBarrier((error) => {
      if (error === null) {
        this.#readAnswered(key, machine.range(requestOf(key)), seenAtStart, recorded);
      } else {
        history.refused += 1;
      }
      this.#finished(operation);
    });
  }

  /**
   * A leader with a lease answers at once; whoever has none is asked in the usual way. Of those who
   * believe to lead any is asked: it is the one that is mistaken that must not answer.
   */
  #readByLease(picked: SimulatedNode, operation: number): void {
    const { cluster, history, group, prng } = this.#options;
    const leading = cluster.nodes.filter(
      ({ host, world }) => !world.paused && host?.group(group).status().role === 'leader',
    );
    const node = leading.length === 0 ? picked : prng.pick(leading);
    const key = this.#key();
    const { machine } = node.stateMachines.get(group) as ObservedKv;
    const answer = node.host?.group(group).leaseRead(() => machine.range(requestOf(key))) ?? null;
    if (answer === null) {
      this.#read(node, operation, true);
      return;
    }
    this.#readAnswered(key, answer.value, history.highestSeen, this.#beginGet(key));
    this.#finished(operation);
  }

  /** What is here, or what was new some time ago, and no older than this client's last write. */
  #readStale(node: SimulatedNode, operation: number): void {
    const { history, group, prng } = this.#options;
    const key = this.#key();
    const { index: minIndex, revision } = this.#lastWrite;
    const maxStalenessMs = prng.pick([100, 1000, Number.POSITIVE_INFINITY]);
    const { machine } = node.stateMachines.get(group) as ObservedKv;
    const options = { maxStalenessMs, minIndex };
    node.host?.group(group).readBarrier((error) => {
      if (error === null) this.#readAnswered(key, machine.range(requestOf(key)), revision, null);
      else history.refused += 1;
      this.#finished(operation);
    }, options);
  }

  /** @param seenAtStart the revision that the answer may not be older than */
  #readAnswered(
    key: string | null,
    result: ReturnType<ObservedKv['machine']['range']>,
    seenAtStart: number,
    recorded: RecordedOperation | null,
  ): void {
    if (result.kind !== 'range') return;
    const { history } = this.#options;
    const { revision } = result;
    const found = result.keyValues.map((keyValue) => ({
      key: textOf.decode(keyValue.key),
      value: textOf.decode(keyValue.value),
      modRevision: keyValue.modRevision,
    }));
    history.reads.push({ key, revision, found });
    history.ended(revision, seenAtStart, false);
    if (key === null) return;
    const [one] = found;
    this.#seen.set(key, one?.value ?? null);
    const value = tagOf(one?.value ?? null);
    recorded?.answered({
      kind: 'get',
      value,
      ...(one === undefined ? {} : { revision: one.modRevision }),
    });
  }

  #beginGet(key: string | null): RecordedOperation | null {
    const { oracle, id } = this.#options;
    return key === null ? null : oracle.begin(id, { kind: 'get', key });
  }
}

/** The front of a value, by which it is unique. */
function tagOf(value: string | null): string | null {
  return value === null ? null : (/^\d+\.\d+\./.exec(value)?.[0] ?? value);
}

function outputOf(result: KvResult): KeyValueOutput {
  const revision = isChange(result) ? { revision: result.revision } : {};
  switch (result.kind) {
    case 'deleteRange':
      return { kind: 'delete', deleted: result.deleted > 0, ...revision };
    case 'txn':
      return { kind: 'cas', succeeded: result.succeeded, ...revision };
    default:
      return { kind: 'put', ...revision };
  }
}

function requestOf(key: string | null): RangeRequest {
  return key === null ? rangeRequest(toTheEnd, toTheEnd, 0) : getRequest(text.encode(key), 0);
}

function isChange(result: KvResult): boolean {
  if (result.kind === 'put') return true;
  if (result.kind === 'deleteRange') return result.deleted > 0;
  return result.kind === 'txn' && result.succeeded;
}

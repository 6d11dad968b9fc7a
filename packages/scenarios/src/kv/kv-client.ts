import type { Prng } from '@quorate/base';
import type { KvCommand, KvResult, KvStateMachine, RangeRequest, RangeResult } from '@quorate/kv';
import type { ProposeOptions } from '@quorate/runtime';
import type { KeyValueInput, SimulatedCluster, SimulatedNode } from '@quorate/sim';
import type { DurableAcknowledgements } from './durable-acknowledgements.ts';
import type { ClientWrite } from './history.ts';
import { KvWrites, type Told } from './kv-writes.ts';
import type { RecordedOperation } from './linearizability-oracle.ts';
import {
  compareAndSetRequest,
  deleteRequest,
  getRequest,
  putRequest,
  rangeRequest,
} from './requests.ts';
import type { SessionPath } from './session-path.ts';
import { type Answered, proposeOnce, type WriteAnswer } from './write-path.ts';

/** What clients find to talk to. */
export interface KvService {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  /** Those that hold data. */
  readonly nodes: readonly SimulatedNode[];
  /** The group's commands go in envelopes, since there are sessions. */
  readonly isEnveloped: boolean;
  readonly storeOf: (node: SimulatedNode) => KvStateMachine;
  /** Of writes that ask for a durability class; null: none do. */
  readonly durable: DurableAcknowledgements | null;
}

export interface KvClientOptions {
  readonly service: KvService;
  readonly told: Told;
  readonly prng: Prng;
  readonly id: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** It waits at most this long between two operations. */
  readonly thinkMs: number;
  /** After so long an operation is given up: at least, and at most. */
  readonly patienceMs: readonly [number, number];
  /** Writes go through it; null: each is proposed once. */
  readonly session: SessionPath | null;
}

const text = new TextEncoder();
const textOf = new TextDecoder();
const toTheEnd = new Uint8Array(1);

/** Does one operation after another, through any node, as a real client would. */
export class KvClient {
  readonly #options: KvClientOptions;
  readonly #writes: KvWrites;
  /** What it saw last of each key: what a compare-and-set compares with. */
  readonly #seen = new Map<string, string | null>();
  #lastWrite = { index: 0, revision: 0 };
  #operation = 0;
  #stopped = false;

  constructor(options: KvClientOptions) {
    this.#options = options;
    this.#writes = new KvWrites(options.told, options.id);
  }

  start(): void {
    this.#later(this.#options.prng.between(0, 100));
  }

  stop(): void {
    this.#stopped = true;
  }

  #later(delayMs: number): void {
    this.#options.service.cluster.scheduler.schedule(delayMs, () => this.#next());
  }

  #next(): void {
    if (this.#stopped) return;
    const { service, prng, told } = this.#options;
    const node = prng.pick(service.nodes);
    const operation = ++this.#operation;
    if (node.host === null) {
      // Nobody listens there, which a client learns at once.
      this.#later(prng.between(5, 100));
      return;
    }
    // An operation on a node that dies is never answered: go on with another, its outcome unknown.
    const patienceMs = prng.between(...this.#options.patienceMs);
    service.cluster.scheduler.schedule(patienceMs, () => {
      if (operation !== this.#operation) return;
      told.history.unknown += 1;
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
    else if (dice < 0.84) this.#read(node, operation, dice < 0.79);
    else if (dice < 0.91) this.#readByLease(node, operation);
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
      if (result?.kind === 'txn' && result.succeeded) this.#seen.set(key, value);
      else this.#seen.delete(key);
    });
  }

  #write(
    node: SimulatedNode,
    operation: number,
    what: Pick<ClientWrite, 'tag' | 'kind' | 'key'>,
    request: KvCommand,
    input: KeyValueInput,
    done: (result: KvResult | null) => void,
  ): void {
    const { durable } = this.#options.service;
    const isPlain = this.#options.session === null;
    const asked = isPlain ? (durable?.draw(this.#options.prng) ?? null) : null;
    const send = (command: Uint8Array, answered: Answered): void =>
      this.#send(node, command, answered, asked === null ? {} : { durability: asked });
    this.#writes.write(what, request, input, send, (answer: WriteAnswer) => {
      if (answer.kind === 'done') {
        const { index, result } = answer;
        if (asked !== null && result !== null) durable?.acknowledged(index, asked);
        const revision = result?.revision ?? 0;
        if (index > this.#lastWrite.index) this.#lastWrite = { index, revision };
        done(result);
      }
      this.#finished(operation);
    });
  }

  #send(
    node: SimulatedNode,
    command: Uint8Array,
    answered: Answered,
    options: ProposeOptions,
  ): void {
    const { session, service, prng } = this.#options;
    if (session !== null) {
      // Long after it has turned to other things it may still be told.
      const deadlineMs = service.cluster.scheduler.nowMs + prng.between(300, 8000);
      session.write(command, deadlineMs, answered);
      return;
    }
    const handle = node.host?.group<unknown>(service.group);
    if (handle !== undefined) {
      proposeOnce(handle, command, service.isEnveloped, answered, options);
    }
  }

  #read(node: SimulatedNode, operation: number, isOfOneKey: boolean): void {
    const { service, told } = this.#options;
    const key = isOfOneKey ? this.#key() : null;
    const seenAtStart = told.history.highestSeen;
    const store = service.storeOf(node);
    const recorded = this.#beginGet(key);
    node.host?.group(service.group).readBarrier((error) => {
      if (error === null) {
        this.#readAnswered(key, store.range(requestOf(key)), seenAtStart, recorded);
      } else {
        told.history.refused += 1;
      }
      this.#finished(operation);
    });
  }

  /**
   * A leader with a lease answers at once; whoever has none is asked in the usual way. Of those who
   * believe to lead any is asked: it is the one that is mistaken that must not answer.
   */
  #readByLease(picked: SimulatedNode, operation: number): void {
    const { service, told, prng } = this.#options;
    const { group } = service;
    const leading = service.nodes.filter(
      ({ host, world }) => !world.paused && host?.group(group).status().role === 'leader',
    );
    const node = leading.length === 0 ? picked : prng.pick(leading);
    const key = this.#key();
    const store = service.storeOf(node);
    const answer = node.host?.group(group).leaseRead(() => store.range(requestOf(key))) ?? null;
    if (answer === null) {
      this.#read(node, operation, true);
      return;
    }
    this.#readAnswered(key, answer.value, told.history.highestSeen, this.#beginGet(key));
    this.#finished(operation);
  }

  /** What is here, or what was new some time ago, and no older than this client's last write. */
  #readStale(node: SimulatedNode, operation: number): void {
    const { service, told, prng } = this.#options;
    const { history } = told;
    const { cluster, group } = service;
    const key = this.#key();
    const { index: minIndex, revision } = this.#lastWrite;
    const maxStalenessMs = prng.pick([20, 100, 1000, Number.POSITIVE_INFINITY]);
    // The bound is by the node's clock, which may be slow: by true time it is that much longer.
    const trueMs = maxStalenessMs / (1 - cluster.options.clockDrift);
    const seenByThen = history.seenBy(cluster.scheduler.nowMs - trueMs);
    const store = service.storeOf(node);
    const options = { maxStalenessMs, minIndex };
    node.host?.group(group).readBarrier((error) => {
      if (error === null) {
        const result = store.range(requestOf(key));
        history.readStale(result.revision, seenByThen, maxStalenessMs);
        this.#readAnswered(key, result, revision, null);
      } else {
        history.refused += 1;
      }
      this.#finished(operation);
    }, options);
  }

  /** @param seenAtStart the revision that the answer may not be older than */
  #readAnswered(
    key: string | null,
    result: RangeResult | { readonly kind: 'refused' },
    seenAtStart: number,
    recorded: RecordedOperation | null,
  ): void {
    if (result.kind !== 'range') return;
    const { history } = this.#options.told;
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
    const { told, id } = this.#options;
    return key === null ? null : told.oracle.begin(id, { kind: 'get', key });
  }
}

/** The front of a value, by which it is unique. */
function tagOf(value: string | null): string | null {
  return value === null ? null : (/^\d+\.\d+\./.exec(value)?.[0] ?? value);
}

function requestOf(key: string | null): RangeRequest {
  return key === null ? rangeRequest(toTheEnd, toTheEnd, 0) : getRequest(text.encode(key), 0);
}

import { type Prng, present } from '@quorate/base';
import type { KvStateMachine } from '@quorate/kv';
import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import { type StreamListener, type StreamMethod, WatchService } from '@quorate/server/core';
import { InvariantViolation, type SimulatedNode } from '@quorate/sim';
import type { KvService } from './kv-client.ts';

const identity = { clusterId: 1n, memberId: 1n };

/** Small, so that readers are often too slow, and history takes many slices. */
const tuning = { queueBytes: 100, slice: { changes: 3, bytes: 300 } };

/** How many messages are on their way before the next is refused. */
const window = 2;

const text = new TextEncoder();
const textOf = new TextDecoder();

/** A value of null: the key was deleted. */
export interface SeenChange {
  readonly key: string;
  readonly value: string | null;
  readonly revision: number;
}

/** The watch service of each life of each node, as its server would have it. */
export class WatchServices {
  readonly #ofStore = new WeakMap<KvStateMachine, WatchService>();

  of({ world }: SimulatedNode, store: KvStateMachine): WatchService {
    let service = this.#ofStore.get(store);
    if (service === undefined) {
      const { timers } = world;
      const raftTerm = (): number => 1;
      service = new WatchService({ identity, feed: store.changes, timers, raftTerm, tuning });
      this.#ofStore.set(store, service);
    }
    return service;
  }
}

export interface WatchClientOptions {
  readonly service: KvService;
  readonly services: WatchServices;
  readonly prng: Prng;
  /** What it watches: keys from here ... */
  readonly key: string;
  /** ... to before here; the empty text: only the one key. */
  readonly rangeEnd: string;
  /** From the beginning, or from when it first finds a node. */
  readonly fromBeginning: boolean;
  readonly fail: (error: Error) => void;
}

/**
 * Watches through one node after another, as a client that loses its server again and again: each
 * time it goes on behind what it was told last.
 */
export class WatchClient {
  readonly options: WatchClientOptions;
  readonly seen: SeenChange[] = [];
  /** Its first revision; null while it has not begun. */
  from: number | null;
  /** Everything up to here that it watches it has been told. */
  bookmark = 0;
  #connection: Connection | null = null;
  #stopped = false;

  constructor(options: WatchClientOptions) {
    this.options = options;
    this.from = options.fromBeginning ? 1 : null;
  }

  start(): void {
    this.#later(this.options.prng.between(0, 200));
  }

  stop(): void {
    this.#stopped = true;
    this.#connection?.close();
  }

  /** Whether a change of this key concerns it. */
  watches(key: string): boolean {
    const { key: start, rangeEnd } = this.options;
    return rangeEnd === '' ? key === start : key >= start && key < rangeEnd;
  }

  #later(delayMs: number): void {
    this.options.service.cluster.scheduler.schedule(delayMs, () => this.#connect());
  }

  #connect(): void {
    this.#connection?.close();
    if (this.#stopped) return;
    const { prng, service, key, rangeEnd } = this.options;
    const node = prng.pick(service.nodes);
    this.#later(prng.between(50, 2000));
    if (node.host === null) return;
    const create = {
      key: text.encode(key),
      rangeEnd: text.encode(rangeEnd),
      startRevision: this.from === null ? 0 : Math.max(this.from, this.bookmark + 1),
    };
    this.#connection = new Connection(this.options, node, (answer) => this.#told(answer));
    this.#connection.ask({ createRequest: create });
    for (let asked = 0; asked < 20; asked++) {
      this.#connection.ask({ progressRequest: {} }, 100 * asked + prng.between(0, 100));
    }
  }

  #told(answer: etcd.WatchResponse): void {
    const revision = present(answer.header, 'an answer has a header').revision;
    if (answer.canceled) {
      this.#wrong(`was cancelled, at ${this.bookmark}, compacted ${answer.compactRevision}`);
    } else if (answer.created) {
      if (this.from !== null) return;
      this.from = revision + 1;
      this.bookmark = revision;
    } else {
      for (const event of answer.events) this.#event(event);
      // A node that is behind knows less than others had told.
      this.bookmark = Math.max(this.bookmark, revision);
    }
  }

  #event({ type, kv }: etcd.Event): void {
    const { key, value, modRevision: revision } = present(kv, 'an event has a key');
    const last = this.seen.at(-1)?.revision ?? 0;
    if (revision <= this.bookmark || revision < last) {
      this.#wrong(`was told of revision ${revision} after ${Math.max(this.bookmark, last)}`);
    }
    const put = type === etcd.EventType.PUT;
    this.seen.push({
      key: textOf.decode(key),
      value: put ? textOf.decode(value) : null,
      revision,
    });
  }

  #wrong(what: string): void {
    const { key, rangeEnd, fail } = this.options;
    const why = `a watch of ${key}${rangeEnd === '' ? '' : ` to ${rangeEnd}`} ${what}`;
    fail(new InvariantViolation('watches are told once and in order', why));
  }
}

/** One stream to one life of one node. What is on its way when it is closed never arrives. */
class Connection {
  readonly #options: WatchClientOptions;
  readonly #node: SimulatedNode;
  readonly #host: SimulatedNode['host'];
  readonly #told: (answer: etcd.WatchResponse) => void;
  readonly #underWay: Uint8Array[] = [];
  #listener: StreamListener | null = null;
  #isOpen = true;

  constructor(
    options: WatchClientOptions,
    node: SimulatedNode,
    told: (answer: etcd.WatchResponse) => void,
  ) {
    this.#options = options;
    this.#node = node;
    this.#host = node.host;
    this.#told = told;
    this.#atNode(0, () => {
      const store = options.service.storeOf(node);
      const [[, method]] = options.services.of(node, store).methods() as [[string, StreamMethod]];
      this.#listener = method({
        context: { requireLeader: false, token: '', commonName: '' },
        send: (bytes) => this.#send(bytes),
        end: (error) => options.fail(new Error(`a watch stream ended: ${error?.message}`)),
      });
    });
  }

  ask(request: Init<etcd.WatchRequest>, delayMs = 0): void {
    this.#atNode(delayMs, () => {
      if (this.#isOpen) this.#listener?.message(encodeMessage(etcd.WatchRequest, request));
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#atNode(0, () => this.#listener?.closed());
  }

  /** A process that died is not told, one that stands still is told later. */
  #atNode(delayMs: number, callback: () => void): void {
    this.#node.world.schedule(delayMs + 1, () => {
      if (this.#node.host === this.#host) callback();
    });
  }

  #send(bytes: Uint8Array): boolean {
    this.#underWay.push(bytes);
    if (this.#underWay.length === 1) this.#arriveLater();
    return this.#underWay.length < window;
  }

  #arriveLater(): void {
    const { service, prng } = this.#options;
    service.cluster.scheduler.schedule(prng.float() * 20, () => {
      if (!this.#isOpen) return;
      const bytes = present(this.#underWay.shift(), 'something is under way');
      this.#told(present(decodeMessage(etcd.WatchResponse, bytes), 'it is well-formed'));
      if (this.#underWay.length > 0) this.#arriveLater();
      else this.#atNode(0, () => this.#isOpen && this.#listener?.drained());
    });
  }
}

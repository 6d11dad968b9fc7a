import assert from 'node:assert/strict';
import type {
  Address,
  Connection,
  ConnectionHandlers,
  LogFields,
  Logger,
  Metrics,
} from '@quorate/base';
import { Prng, portableChecksum } from '@quorate/base';
import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';
import { Scheduler, VirtualNetwork } from '@quorate/sim';
import {
  createPeerLinks,
  type EnquiryHandler,
  type ListeningPeerLinks,
  type TransportLimits,
} from '@quorate/transport';

export const clusterId = '0123456789abcdef';

export interface Received {
  readonly from: NodeId;
  readonly group: GroupId;
  readonly message: PeerMessage;
}

export interface LogLine {
  readonly event: string;
  readonly fields: LogFields;
}

export interface RigNode {
  readonly id: NodeId;
  readonly links: ListeningPeerLinks;
  readonly received: Received[];
  /** `+2` when the link to 2 came up, `-2` when it went down. */
  readonly changes: string[];
  readonly greetings: { readonly peer: NodeId; readonly incarnation: number }[];
  readonly logged: LogLine[];
  started: Error | null | undefined;
  /** Sum over all labels but what is asked for. */
  metric(name: string, peer: NodeId): number;
  /** Replaces what is done with each message. */
  onMessage: (received: Received) => void;
}

type NetworkOptions = ConstructorParameters<typeof VirtualNetwork>[0];

export interface RigOptions {
  readonly seed?: number;
  readonly conditions?: NonNullable<NetworkOptions['conditions']>;
  readonly limits?: Partial<TransportLimits>;
  readonly socketBufferBytes?: number;
  readonly highWaterBytes?: number;
}

/** Real peer links of any number of nodes on one virtual network, in virtual time. */
export class Rig {
  readonly scheduler = new Scheduler();
  readonly network: VirtualNetwork;
  readonly addresses = new Map<NodeId, Address>();
  readonly #options: RigOptions;
  readonly #prng: Prng;

  constructor(options: RigOptions = {}) {
    const { socketBufferBytes, highWaterBytes } = options;
    this.#options = options;
    this.#prng = new Prng(options.seed ?? 1);
    this.network = new VirtualNetwork({
      schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
      prng: this.#prng.fork(),
      ...(options.conditions === undefined ? {} : { conditions: options.conditions }),
      ...(socketBufferBytes === undefined ? {} : { socketBufferBytes }),
      ...(highWaterBytes === undefined ? {} : { highWaterBytes }),
    });
  }

  addressOf(id: NodeId): Address {
    return { host: `node-${id}`, port: 7000 };
  }

  /** @param peers whom it knows, itself included or not */
  node(
    id: NodeId,
    peers: readonly NodeId[],
    overrides: { clusterId?: string; incarnation?: number; enquired?: EnquiryHandler } = {},
  ): RigNode {
    const counted = new Map<string, number>();
    const logged: LogLine[] = [];
    const prng = this.#prng.fork();
    const links = createPeerLinks({
      network: this.network.port(id),
      timers: {
        after: (delayMs, callback) => this.scheduler.schedule(delayMs, callback),
        defer: (callback) => void this.scheduler.schedule(0, callback),
      },
      clock: { monotonicMs: () => this.scheduler.nowMs, wallMicros: () => 0 },
      logger: keepingLogger(logged),
      metrics: countingMetrics(counted),
      checksum: portableChecksum,
      crypto: {
        randomBytes: (count) => Uint8Array.from({ length: count }, () => prng.below(256)),
        sha256: () => ({ update: () => undefined, digest: () => new Uint8Array(32) }),
      },
      nodeId: id,
      clusterId,
      incarnation: 1,
      listen: this.addressOf(id),
      peers: new Map(peers.map((peer) => [peer, this.addressOf(peer)] as const)),
      limits: this.#options.limits ?? {},
      ...overrides,
    });
    const node: RigNode = {
      id,
      links,
      received: [],
      changes: [],
      greetings: [],
      logged,
      started: undefined,
      metric: (name, peer) => counted.get(`quorate_transport_${name} ${peer}`) ?? 0,
      onMessage: (received) => node.received.push(received),
    };
    links.start(
      {
        message: (from, group, message) => node.onMessage({ from, group, message }),
        greeted: (peer, incarnation) => node.greetings.push({ peer, incarnation }),
        connected: (peer) => node.changes.push(`+${peer}`),
        disconnected: (peer) => node.changes.push(`-${peer}`),
      },
      (error) => {
        node.started = error;
      },
    );
    return node;
  }

  /** Nodes 1 to `count`, each knowing all, connected. */
  cluster(count: number): RigNode[] {
    const ids = Array.from({ length: count }, (_, at) => at + 1);
    const nodes = ids.map((id) => this.node(id, ids));
    this.until(() =>
      nodes.every(({ id, links }) => ids.every((peer) => peer === id || links.isConnected(peer))),
    );
    // The bulk lanes too.
    this.run(500);
    return nodes;
  }

  run(durationMs: number): void {
    const untilMs = this.scheduler.nowMs + durationMs;
    while (this.scheduler.step(untilMs));
  }

  until(condition: () => boolean, limitMs = 60_000): void {
    const untilMs = this.scheduler.nowMs + limitMs;
    while (!condition()) {
      assert.ok(this.scheduler.step(untilMs), `not within ${limitMs} virtual milliseconds`);
    }
  }

  /** The raw bytes of a stranger's connection to `to`, for what peer links never send. */
  stranger(to: NodeId, as: NodeId = 99): Stranger {
    const stranger = new Stranger();
    this.network.port(as).connect(this.addressOf(to), stranger.handlers, (error, connection) => {
      stranger.failure = error;
      stranger.connection = connection;
    });
    this.until(() => stranger.connection !== null || stranger.failure !== null);
    return stranger;
  }
}

export class Stranger {
  connection: Connection | null = null;
  failure: Error | null = null;
  closedBecause: string | null = null;
  readonly bytes: number[] = [];

  readonly handlers: ConnectionHandlers = {
    data: (chunk) => {
      // Not as arguments, of which there may be only so many.
      for (const byte of chunk) this.bytes.push(byte);
    },
    drained: () => undefined,
    closed: (reason) => {
      this.closedBecause = reason;
    },
  };

  write(...chunks: Uint8Array[]): void {
    this.connection?.write(chunks.map((chunk) => Uint8Array.from(chunk)));
  }
}

function keepingLogger(lines: LogLine[]): Logger {
  const keep = (event: string, fields: LogFields = {}): void => {
    lines.push({ event, fields });
  };
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
  return logger;
}

function countingMetrics(counted: Map<string, number>): Metrics {
  const key = (name: string, labels?: Readonly<Record<string, string>>): string =>
    `${name} ${labels?.['peer'] ?? ''}`;
  return {
    counter: ({ name }) => ({
      add: (amount, labels) => {
        counted.set(key(name, labels), (counted.get(key(name, labels)) ?? 0) + amount);
      },
    }),
    gauge: ({ name }) => ({
      set: (value, labels) => {
        counted.set(key(name, labels), value);
      },
    }),
    histogram: () => ({ observe: () => undefined }),
  };
}

import type { Address, Ports, StateMachine } from '@quorate/base';
import { assert, Prng, portableChecksum, present, silentMetrics } from '@quorate/base';
import { type Host, type HostTuning, openHost } from '@quorate/host';
import type { RuntimeObserver } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { VirtualDisk } from './disk/virtual-disk.ts';
import { EventHash } from './event-hash.ts';
import { allInvariants } from './invariants/all.ts';
import { type Invariant, InvariantViolation } from './invariants/invariant.ts';
import { faultyPeerLinks, type MessageFaults } from './network/faulty-peer-links.ts';
import { VirtualNetwork } from './network/virtual-network.ts';
import { collectingLogger, type LogLine, NodeWorld, seededCrypto } from './node-world.ts';
import { Scheduler } from './scheduler.ts';

export interface SimulatedGroup {
  readonly id: GroupId;
  readonly name: string;
  /** A fresh state machine for each life of each node. */
  readonly create: () => StateMachine<unknown>;
}

export interface SimulatedClusterOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly groups: readonly SimulatedGroup[];
  readonly tuning: Partial<HostTuning>;
  /** Clocks run at rates drawn from [1 - drift, 1 + drift]. */
  readonly clockDrift: number;
  readonly trace?: (line: TraceLine) => void;
}

export interface TraceLine extends LogLine {
  readonly node: NodeId;
}

/** One machine: its disk outlives its process. */
export interface SimulatedNode {
  readonly id: NodeId;
  readonly address: Address;
  readonly world: NodeWorld;
  readonly disk: VirtualDisk;
  readonly prng: Prng;
  /** Null while the process is down, or starting. */
  host: Host | null;
  /** The state machines of the present life, by group. */
  stateMachines: ReadonlyMap<GroupId, StateMachine<unknown>>;
  up: boolean;
  /** Why it stopped itself in this life, if it did. */
  halted: Error | null;
  /** Its disk was made to fail in this life, so it may stop itself. */
  diskFault: boolean;
}

const clusterId = '00c0ffee00c0ffee';

/**
 * Nodes of the real host on virtual ports. Everything that happens follows from the seed; every
 * turn of every replica is checked against the invariants, which throw.
 */
export class SimulatedCluster {
  readonly scheduler = new Scheduler();
  readonly network: VirtualNetwork;
  readonly nodes: readonly SimulatedNode[];
  readonly hash = new EventHash();
  readonly usualDiskLatency = { minMs: 0.05, maxMs: 0.5, perMebibyteMs: 4 };
  readonly messageFaults: MessageFaults = { drop: 0, duplicate: 0, delay: 0, maxDelayMs: 0 };
  readonly #options: SimulatedClusterOptions;
  readonly #invariants: readonly Invariant[] = allInvariants();
  #violation: Error | null = null;

  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    const prng = new Prng(options.seed);
    this.network = new VirtualNetwork({
      schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
      prng: prng.fork(),
    });
    this.nodes = Array.from({ length: options.nodes }, (_, i) => this.#makeNode(i + 1, prng));
  }

  #makeNode(id: NodeId, prng: Prng): SimulatedNode {
    const rate = 1 + this.#options.clockDrift * (2 * prng.float() - 1);
    const world = new NodeWorld(this.scheduler, rate, 1_700_000_000_000_000 + prng.below(1e6));
    return {
      id,
      address: { host: `node${id}`, port: 7000 },
      world,
      disk: new VirtualDisk({
        schedule: (delayMs, callback) => void world.schedule(delayMs, callback),
        prng: prng.fork(),
        latency: this.usualDiskLatency,
      }),
      prng: prng.fork(),
      host: null,
      stateMachines: new Map(),
      up: false,
      halted: null,
      diskFault: false,
    };
  }

  node(id: NodeId): SimulatedNode {
    return present(this.nodes[id - 1], `there is a node ${id}`);
  }

  /** Whether the node leads any of its groups, as far as it knows. */
  leads(node: SimulatedNode): boolean {
    const { host } = node;
    if (host === null) return false;
    return this.#options.groups.some(({ id }) => host.group(id).status().role === 'leader');
  }

  pause(node: SimulatedNode): void {
    node.world.pause();
    this.network.pause(node.id);
  }

  resume(node: SimulatedNode): void {
    if (!node.world.paused) return;
    node.world.resume();
    this.network.unpause(node.id);
  }

  endMessageFaults(): void {
    Object.assign(this.messageFaults, { drop: 0, duplicate: 0, delay: 0, maxDelayMs: 0 });
  }

  /** Ends every fault: links are whole, disks well, and all processes run. */
  heal(): void {
    this.endMessageFaults();
    this.network.heal();
    this.network.setConditions({});
    for (const node of this.nodes) {
      node.disk.latency = this.usualDiskLatency;
      this.resume(node);
      if (node.halted !== null || node.diskFault) this.crash(node, true);
      if (!node.up) this.start(node);
    }
  }

  /** The first violation of an invariant, if one was seen. */
  get violation(): Error | null {
    return this.#violation;
  }

  startAll(): void {
    for (const node of this.nodes) if (!node.up) this.start(node);
  }

  start(node: SimulatedNode): void {
    assert(!node.up, `node ${node.id} is down`);
    node.up = true;
    node.halted = null;
    node.diskFault = false;
    node.disk.clearSyncFaults();
    const { groups } = this.#options;
    const stateMachines = new Map(groups.map(({ id, create }) => [id, create()]));
    node.stateMachines = stateMachines;
    const members = new Map(this.nodes.map(({ id, address }) => [id, address]));
    openHost(
      {
        ports: this.#ports(node),
        nodeId: node.id,
        clusterId,
        dataDirectory: 'data',
        listen: node.address,
        members,
        groups: groups.map(({ id, name }) => ({
          id,
          name,
          stateMachine: present(stateMachines.get(id), 'every group has its state machine'),
        })),
        tuning: this.#options.tuning,
        observer: this.#observer(node),
        linksThrough: (links) =>
          faultyPeerLinks(links, {
            prng: node.prng.fork(),
            schedule: (delayMs, callback) => void node.world.schedule(delayMs, callback),
            faults: this.messageFaults,
          }),
        onHalt: (error) => this.#halted(node, error),
      },
      (error, host) => {
        if (error !== null) this.#halted(node, error);
        node.host = host;
      },
    );
  }

  #halted(node: SimulatedNode, error: Error): void {
    node.halted = error;
    node.host = null;
    if (node.diskFault) return;
    const why = `node ${node.id} stopped itself without a fault of its disk: ${error.message}`;
    this.fail(new InvariantViolation('no halt without a fault', why));
  }

  #ports(node: SimulatedNode): Ports {
    const { trace } = this.#options;
    const { world, id } = node;
    const keep =
      trace === undefined ? () => undefined : (line: LogLine) => trace({ ...line, node: id });
    return {
      clock: world.clock,
      timers: world.timers,
      fileSystem: node.disk,
      network: this.network.port(id),
      logger: collectingLogger(keep, () => this.scheduler.nowMs),
      metrics: silentMetrics,
      checksum: portableChecksum,
      codec: { name: 'identity', compress: (bytes) => bytes, decompress: (bytes) => bytes },
      crypto: seededCrypto(node.prng.fork()),
    };
  }

  #observer(node: SimulatedNode): RuntimeObserver {
    const seen = new Set<GroupId>();
    return {
      turned: (group, raft, effects) => {
        const { hash } = this;
        hash.add(this.scheduler.nowMs);
        hash.add(node.id * 65_536 + group);
        hash.add(raft.currentTerm);
        hash.add(raft.lastIndex);
        hash.add(raft.commitIndex);
        hash.add(effects.messages.length);
        const turn = { node: node.id, group, raft, effects, first: !seen.has(group) };
        seen.add(group);
        try {
          for (const invariant of this.#invariants) invariant.check(turn);
        } catch (error) {
          if (!(error instanceof InvariantViolation)) throw error;
          this.#violation ??= error;
        }
      },
    };
  }

  /**
   * Ends the process. With `losePower` the disk loses what was not synced, else the machine lives
   * on and its cache with it.
   */
  crash(node: SimulatedNode, losePower: boolean): void {
    if (!node.up) return;
    node.up = false;
    node.host = null;
    this.resume(node);
    node.world.crash();
    if (losePower) node.disk.crash();
    else node.disk.kill();
    this.network.crash(node.id, losePower ? 'machine' : 'process');
  }

  /**
   * Executes events until `untilMs` of virtual time.
   *
   * @returns false when a violation was seen; the run is over then
   */
  runUntil(untilMs: number): boolean {
    try {
      while (this.#violation === null && this.scheduler.step(untilMs));
    } catch (error) {
      // A mistake that the code itself noticed is as much a violation as any other.
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
    return this.#violation === null;
  }

  /** Ends the run. */
  fail(error: Error): void {
    this.#violation ??= error;
  }
}

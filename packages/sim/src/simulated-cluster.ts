// Long because: one cluster holds its nodes, and all that can be done to them.
import type { Ports } from '@quorate/base';
import { CodedError, Prng, portableChecksum, present, silentMetrics } from '@quorate/base';
import { openHost, type RepairReport, repairDataDirectory } from '@quorate/host';
import type { PeerLinks } from '@quorate/raft';
import type { RuntimeObserver } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { PowerCut } from './disk/power-cut.ts';
import { type DiskLatency, VirtualDisk } from './disk/virtual-disk.ts';
import { damageOf, excuseForForgetting, isLimited, refusals } from './disk-loss.ts';
import { EventHash } from './event-hash.ts';
import { allInvariants } from './invariants/all.ts';
import { type Invariant, InvariantViolation, type Turn } from './invariants/invariant.ts';
import {
  faultyPeerLinks,
  type MessageFaults,
  noMessageFaults,
} from './network/faulty-peer-links.ts';
import { VirtualNetwork } from './network/virtual-network.ts';
import { collectingLogger, type LogLine, NodeWorld, seededCrypto } from './node-world.ts';
import { Scheduler } from './scheduler.ts';
import {
  type DiskLoss,
  presentRelease,
  type SimulatedClusterOptions,
  type SimulatedNode,
} from './simulated-node.ts';
import type { TracedNode } from './trace/trace-event.ts';
import { TurnTracer } from './trace/turn-tracer.ts';

const clusterId = '00c0ffee00c0ffee';

/**
 * No timer comes before its time: by the last digit of a clock that drifts it could, and whoever
 * then asked for the rest would ask for less than time can advance by, without end.
 */
const timerSlackMs = 1e-6;

/** An orderly stop that takes longer is ended as a process manager ends it. */
const stopPatienceMs = 10_000;

/**
 * Nodes of the real host on virtual ports. Everything that happens follows from the seed; every
 * turn of every replica is checked against the invariants, which throw.
 */
export class SimulatedCluster {
  readonly scheduler = new Scheduler();
  readonly network: VirtualNetwork;
  readonly nodes: readonly SimulatedNode[];
  readonly hash = new EventHash();
  readonly options: SimulatedClusterOptions;
  readonly usualDiskLatency: DiskLatency;
  readonly messageFaults: MessageFaults = noMessageFaults();
  readonly #invariants: readonly Invariant[];
  readonly #troubles = new Set<() => void>();
  #mayHaveChanged = false;
  #lostDisks = 0;
  #violation: Error | null = null;

  constructor(options: SimulatedClusterOptions) {
    this.options = options;
    const { unchecked = [] } = options;
    this.#invariants = allInvariants().filter(({ name }) => !unchecked.includes(name));
    this.usualDiskLatency = { minMs: options.diskMs / 10, maxMs: options.diskMs, perMebibyteMs: 4 };
    const prng = new Prng(options.seed);
    this.network = new VirtualNetwork({
      schedule: (delayMs, callback) => void this.scheduler.schedule(delayMs, callback),
      prng: prng.fork(),
    });
    this.nodes = Array.from({ length: options.nodes }, (_, i) => this.#makeNode(i + 1, prng));
  }

  #makeNode(id: NodeId, prng: Prng): SimulatedNode {
    const rate = 1 + this.options.clockDrift * (2 * prng.float() - 1);
    const world = new NodeWorld(this.scheduler, rate, 1_700_000_000_000_000 + prng.below(1e6));
    return {
      id,
      address: { host: `node${id}`, port: 7000 },
      world,
      disk: this.#makeDisk(world, prng.fork()),
      prng: prng.fork(),
      protocolVersions: presentRelease,
      host: null,
      stateMachines: new Map(),
      up: false,
      halted: null,
      diskFault: false,
      mayBeDamaged: false,
      lost: null,
      mendedFaults: 0,
      isBeingMended: false,
      replicas: new Map(),
    };
  }

  #makeDisk(world: NodeWorld, prng: Prng): VirtualDisk {
    return new VirtualDisk({
      schedule: (delayMs, callback) => void world.schedule(delayMs, callback),
      prng,
      latency: this.usualDiskLatency,
    });
  }

  node(id: NodeId): SimulatedNode {
    return present(this.nodes[id - 1], `there is a node ${id}`);
  }

  /** The groups that the node leads, as far as it knows. */
  groupsLedBy({ host }: SimulatedNode): readonly GroupId[] {
    if (host === null) return [];
    const ids = this.options.groups.map(({ id }) => id);
    return ids.filter((id) => host.group(id).status().role === 'leader');
  }

  leads(node: SimulatedNode): boolean {
    return this.groupsLedBy(node).length > 0;
  }

  pause(node: SimulatedNode): void {
    this.#tellNode(node, 'pause');
    node.world.pause();
    this.network.pause(node.id);
  }

  /** As `pause`, of the machine with its disk and timers. */
  suspend(node: SimulatedNode): void {
    this.#tellNode(node, 'suspend');
    node.world.suspend();
    this.network.pause(node.id);
  }

  resume(node: SimulatedNode): void {
    if (!node.world.paused) return;
    this.#tellNode(node, 'resume');
    node.world.resume();
    this.network.unpause(node.id);
  }

  endMessageFaults(): void {
    Object.assign(this.messageFaults, noMessageFaults());
  }

  /** Calls `end` once: after `delayMs`, or as soon as the cluster is healed. */
  endLater(delayMs: number, end: () => void): void {
    const trouble = (): void => end();
    this.#troubles.add(trouble);
    this.scheduler.schedule(delayMs, () => {
      if (this.#troubles.delete(trouble)) trouble();
    });
  }

  /**
   * Whether one more disk may be damaged for good. What a majority has lost nobody can keep, so at
   * most a minority is ever damaged in a run, and none once the membership may have changed; a node
   * that is damaged already may be hit again.
   */
  mayDamage(node: SimulatedNode): boolean {
    if (node.lost !== null || node.isBeingMended || this.#mayHaveChanged) return false;
    const damaged = this.nodes.filter(({ mayBeDamaged }) => mayBeDamaged).length;
    return node.mayBeDamaged || damaged < Math.floor((this.nodes.length - 1) / 2);
  }

  /** Whether the membership may be changed: not where fewer voters could make damage a majority. */
  mayChangeMembership(): boolean {
    this.#mayHaveChanged ||= this.nodes.every(({ mayBeDamaged }) => !mayBeDamaged);
    return this.#mayHaveChanged;
  }

  /** Ends every fault: links are whole, disks well, and all processes run that have their data. */
  heal(): void {
    const troubles = [...this.#troubles];
    this.#troubles.clear();
    for (const end of troubles) end();
    this.endMessageFaults();
    this.network.heal();
    this.network.setConditions({});
    for (const node of this.nodes) {
      node.disk.latency = this.usualDiskLatency;
      node.disk.capacityBytes = Number.POSITIVE_INFINITY;
      node.disk.clearFaults();
      this.resume(node);
      if (node.halted !== null || node.diskFault) this.crash(node, true);
      if (!node.up) this.start(node);
    }
  }

  /** How often a disk was found to be lost, whatever became of it. */
  get lostDisks(): number {
    return this.#lostDisks;
  }

  /** The first violation of an invariant, if one was seen. */
  get violation(): Error | null {
    return this.#violation;
  }

  startAll(): void {
    for (const node of this.nodes) if (!node.up) this.start(node);
  }

  /** Does nothing to a node that runs, or whose disk is lost. */
  start(node: SimulatedNode): void {
    if (node.up || node.lost !== null) return;
    node.up = true;
    node.halted = null;
    node.diskFault = false;
    node.disk.clearSyncFaults();
    this.#tellNode(node, 'start');
    const { groups } = this.options;
    const stateMachines = new Map(groups.map(({ id, create }) => [id, create(node.id)]));
    node.stateMachines = stateMachines;
    const members = new Map(this.nodes.map(({ id, address }) => [id, address]));
    const tracer = this.#tracer(node);
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
          voters: this.#votersKnownTo(node),
        })),
        tuning: this.options.tuning,
        protocolVersions: node.protocolVersions,
        admitsNodes: this.options.admitsNodes ?? false,
        observer: this.#observer(node, tracer),
        linksThrough: (links) => this.#linksThrough(node, links, tracer),
        onHalt: (error) => this.#halted(node, error, node.diskFault),
      },
      (error, host) => {
        if (error !== null) this.#halted(node, error, node.diskFault || isLimited(node));
        node.host = node.lost === null ? host : null;
      },
    );
  }

  /** Whoever did not found the groups knows nothing of them yet. */
  #votersKnownTo({ id }: SimulatedNode): readonly NodeId[] {
    const { founders = this.nodes.length } = this.options;
    return id > founders ? [] : this.nodes.slice(0, founders).map((node) => node.id);
  }

  #linksThrough(node: SimulatedNode, links: PeerLinks, tracer: TurnTracer | null): PeerLinks {
    const faulty = faultyPeerLinks(links, {
      prng: node.prng.fork(),
      schedule: (delayMs, callback) => void node.world.schedule(delayMs, callback),
      faults: this.messageFaults,
    });
    // A node that has just been found without its data must not say one word more.
    const silenced: PeerLinks = {
      ...faulty,
      send: (to, group, message) => node.lost === null && faulty.send(to, group, message),
    };
    const scripted = this.options.linksThrough?.(node, silenced) ?? silenced;
    return tracer === null ? scripted : tracer.links(scripted);
  }

  #halted(node: SimulatedNode, error: Error, isExcused: boolean): void {
    node.halted = error;
    node.host = null;
    for (const invariant of this.#invariants) invariant.crashed?.(node.id);
    this.#tellNode(node, 'halted', error.message);
    const damage = damageOf(node);
    if (damage !== null && error instanceof CodedError && refusals.has(error.code)) {
      const why = `${damage}: ${error.code}: ${error.message}`;
      this.#loseDisk(node, { why, isUnnoticed: false });
    } else if (!isExcused && !(damage !== null && isLimited(node))) {
      // A full disk stops no node, unless the room it had prepared was never written.
      const why = `node ${node.id} stopped itself without a fault of its disk: ${error.message}`;
      this.fail(new InvariantViolation('no halt without a fault', why));
    }
  }

  /** The node stays down until it is repaired or replaced. */
  #loseDisk(node: SimulatedNode, loss: DiskLoss): void {
    if (node.lost !== null) return;
    node.lost = loss;
    this.#lostDisks += 1;
    node.host = null;
    this.#tellNode(node, 'disk lost', loss.why);
    // It may be in the middle of a turn.
    this.scheduler.schedule(0, () => this.crash(node, true));
  }

  #tracer(node: SimulatedNode): TurnTracer | null {
    const { trace } = this.options;
    return trace === undefined ? null : new TurnTracer(node.id, trace);
  }

  #tellNode(node: SimulatedNode, what: TracedNode['what'], why = ''): void {
    this.options.trace?.({ kind: 'node', atMs: this.scheduler.nowMs, node: node.id, what, why });
  }

  #ports(node: SimulatedNode): Ports {
    const { trace } = this.options;
    const { world, id } = node;
    const keep =
      trace === undefined
        ? () => undefined
        : (line: LogLine) => trace({ kind: 'log', ...line, node: id });
    return {
      clock: world.clock,
      timers: {
        ...world.timers,
        after: (delayMs, callback) => world.timers.after(delayMs + timerSlackMs, callback),
      },
      fileSystem: node.disk,
      network: this.network.port(id),
      logger: collectingLogger(keep, () => this.scheduler.nowMs),
      metrics: silentMetrics,
      checksum: portableChecksum,
      codec: { name: 'identity', compress: (bytes) => bytes, decompress: (bytes) => bytes },
      crypto: seededCrypto(node.prng.fork()),
    };
  }

  #observer(node: SimulatedNode, tracer: TurnTracer | null): RuntimeObserver {
    const seen = new Set<GroupId>();
    return {
      turned: (group, raft, effects) => {
        if (node.lost !== null) return;
        node.replicas.set(group, raft);
        const { hash } = this;
        hash.add(this.scheduler.nowMs);
        hash.add(node.id * 65_536 + group);
        hash.add(raft.currentTerm);
        hash.add(raft.lastIndex);
        hash.add(raft.commitIndex);
        hash.add(effects.messages.length);
        if (tracer !== null) {
          const appliedIndex = node.host?.group(group).status().appliedIndex ?? 0;
          tracer.turned(this.scheduler.nowMs, group, raft, effects, appliedIndex);
        }
        const first = !seen.has(group);
        seen.add(group);
        const clockMs = node.world.clock.monotonicMs;
        this.#check(node, { node: node.id, group, raft, effects, first, clockMs });
      },
    };
  }

  #check(node: SimulatedNode, turn: Turn): void {
    try {
      for (const invariant of this.#invariants) invariant.check(turn);
    } catch (error) {
      if (!(error instanceof InvariantViolation)) throw error;
      const isForgetful = error.invariant === 'durability';
      const damage = isForgetful ? excuseForForgetting(node) : null;
      if (damage !== null) {
        // No log can notice this by itself; who has forgotten promises may not take part.
        const why = `${damage}, unnoticed: ${error.message}`;
        this.#loseDisk(node, { why, isUnnoticed: true });
      } else {
        this.#violation ??= error;
      }
    }
  }

  /**
   * Ends the process. With `losePower` the disk loses what was not synced, else the machine lives
   * on and its cache with it.
   */
  crash(node: SimulatedNode, losePower: boolean): void {
    if (!node.up) return;
    for (const invariant of this.#invariants) invariant.crashed?.(node.id);
    this.resume(node);
    this.#tellNode(node, losePower ? 'power loss' : 'kill');
    this.#ended(node);
    if (losePower) node.disk.crash();
    else node.disk.kill();
    this.network.crash(node.id, losePower ? 'machine' : 'process');
  }

  #ended(node: SimulatedNode): void {
    node.up = false;
    node.host = null;
    node.world.crash();
  }

  /** Closes the node in an orderly way, and its process with it; calls `done` when that is so. */
  stop(node: SimulatedNode, done: () => void): void {
    const { host } = node;
    if (host === null) return;
    this.#tellNode(node, 'stop');
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      if (node.host === host) this.crash(node, false);
      done();
    };
    host.close(() => void this.scheduler.schedule(0, end));
    this.endLater(stopPatienceMs, end);
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

  /**
   * Runs `quorate repair` on a node whose damage was noticed, and starts it when that helped.
   *
   * @param powerAfter so many changes on the disk later the power goes; infinity: it does not
   * @param done is told whether the node is back; never, when it is crashed before
   */
  repair(node: SimulatedNode, powerAfter: number, done: (isBack: boolean) => void): void {
    if (node.up || node.lost === null || node.lost.isUnnoticed) return;
    node.up = true;
    node.halted = null;
    this.#tellNode(node, 'repair');
    const { length: found } = node.disk.struckFaults;
    const power = new PowerCut(node.disk, powerAfter);
    const options = {
      ports: { ...this.#ports(node), fileSystem: power.fileSystem },
      directory: 'data',
      dryRun: false,
      groups: this.options.groups.map(({ id }) => id),
      machines: new Map(
        this.options.groups.flatMap(({ id, createForRepair }) =>
          createForRepair === undefined ? [] : [[id, createForRepair()] as const],
        ),
      ),
    };
    repairDataDirectory(options, (error, report) => {
      node.disk.blocking.failPowerAfter(Number.POSITIVE_INFINITY);
      this.#tellNode(node, 'repaired', report?.outcome ?? error?.message);
      this.crash(node, power.isStruck);
      const isBack = !power.isStruck && isWhole(report);
      if (isBack) {
        node.lost = null;
        node.mendedFaults = found;
        this.start(node);
      }
      done(isBack);
    });
  }

  /** Another machine without any data takes the node's place, to be started later. */
  replaceMachine(node: SimulatedNode): void {
    this.crash(node, true);
    this.#tellNode(node, 'replaced');
    for (const invariant of this.#invariants) invariant.replaced?.(node.id);
    node.disk = this.#makeDisk(node.world, node.prng.fork());
    node.lost = null;
    node.mendedFaults = 0;
    node.halted = null;
    node.replicas.clear();
  }

  /** Ends the run. */
  fail(error: Error): void {
    this.#violation ??= error;
  }
}

function isWhole(report: RepairReport | null): boolean {
  return report?.outcome === 'repaired' || report?.outcome === 'intact';
}

import { KvStateMachine } from '@quorate/kv';
import type { GroupHandle } from '@quorate/runtime';
import { type Codec, decodeMessage, encodeMessage, type Init } from '@quorate/schema';
import {
  apiIdOf,
  type EtcdResult,
  EtcdService,
  EtcdStateMachine,
  type MembershipPort,
  memberAttributesCommand,
  type RpcError,
  type ServiceOptions,
} from '@quorate/server/core';
import { SimulatedCluster, type SimulatedNode, usualTuning } from '@quorate/sim';

export const group = 1;

const timeoutMs = 2000;
const lookMs = 20;
const publishEveryMs = 500;

export const founders = 3;
/** Each may be added once, and has an id that nobody else ever gets. */
const spares = 9;

type Outcome<T> = { readonly error: RpcError; readonly answer: null } | Answered<T>;
interface Answered<T> {
  readonly error: null;
  readonly answer: T;
}

/** `peerUrls` of a node of the simulation: the first is where it is reached. */
export function urlOf(node: number): string {
  return `http://node${node}:7000`;
}

/** A cluster in virtual time whose nodes serve the API, as `EtcdServer` has them do. */
export class SimulatedService {
  readonly cluster: SimulatedCluster;
  readonly #services = new Map<number, EtcdService>();
  /** Whom the next addition is to take in. */
  nextId = 0;

  constructor(seed: number) {
    this.cluster = new SimulatedCluster({
      seed,
      nodes: founders + spares,
      founders,
      groups: [{ id: group, name: 'etcd', create: () => new ServedMachine() }],
      tuning: { ...usualTuning, electionTimeoutMs: 300, heartbeatIntervalMs: 60, ...small },
      clockDrift: 0.01,
      diskMs: 2,
    });
  }

  /** Founders first, that they are seen to be the first voters. */
  start(): void {
    for (const node of this.cluster.nodes.slice(0, founders)) this.cluster.start(node);
    this.cluster.runUntil(1500);
    this.cluster.startAll();
    for (const node of this.cluster.nodes) this.#look(node);
  }

  handle({ host }: SimulatedNode): GroupHandle<EtcdResult> | null {
    return host?.group<EtcdResult>(group) ?? null;
  }

  machine(node: SimulatedNode): EtcdStateMachine {
    return (node.stateMachines.get(group) as ServedMachine).etcd;
  }

  /** Asks a node, which may die before it answers. */
  call<Q, A>(
    node: SimulatedNode,
    [path, request, answer]: readonly [string, Codec<Q>, Codec<A>],
    message: Init<Q>,
    done: (outcome: Outcome<A>) => void,
  ): void {
    const service = this.#services.get(node.id);
    if (service === undefined || node.host === null) return;
    const context = { requireLeader: false, token: '', commonName: '' };
    service.unary(path)(encodeMessage(request, message), context, (error, bytes) => {
      const decoded = bytes === null ? null : decodeMessage(answer, bytes);
      if (error !== null) done({ error, answer: null });
      else if (decoded !== null) done({ error: null, answer: decoded });
    });
  }

  /** A service for each life of the node. */
  #look(node: SimulatedNode): void {
    let served: SimulatedNode['host'] = null;
    let publishedMs = 0;
    const { scheduler } = this.cluster;
    const look = (): void => {
      scheduler.schedule(lookMs, look);
      const { host } = node;
      if (host === null) {
        served = null;
        this.#services.delete(node.id);
        return;
      }
      if (host !== served) this.#services.set(node.id, this.#serve(node));
      served = host;
      if (scheduler.nowMs < publishedMs + publishEveryMs) return;
      publishedMs = scheduler.nowMs;
      this.#publish(node);
    };
    look();
  }

  #publish(node: SimulatedNode): void {
    const handle = this.handle(node);
    const isKnown = this.machine(node).members.of(node.id)?.name === `n${node.id}`;
    const isMember = handle !== null && handle.status().role !== 'removed';
    if (!isMember || isKnown || node.world.paused) return;
    const told = { member: node.id, name: `n${node.id}`, clientUrls: [] };
    handle.propose(memberAttributesCommand(told), () => undefined);
  }

  #serve(node: SimulatedNode): EtcdService {
    const handle = this.handle(node) as GroupHandle<EtcdResult>;
    const { etcd, store } = node.stateMachines.get(group) as ServedMachine;
    const served: ServiceOptions['group'] = {
      status: () => handle.status(),
      onLeadership: (listener) => handle.onLeadership(listener),
      readBarrier: (done) => handle.readBarrier(done),
      transferLeadership: (to, done) => handle.transferLeadership(to, done),
      propose: (command, done) => handle.propose(command, done),
    };
    return new EtcdService({
      identity: { clusterId: 1n, memberId: apiIdOf(node.id) },
      group: served,
      machine: etcd,
      store,
      membership: this.#membership(node),
      version: '3.6.0',
      maxCommandBytes: 100_000,
      quotaBytes: 0,
      tuning: { electionTimeoutMs: 300, maxClockDrift: 0.01 },
      clock: node.world.clock,
      timers: node.world.timers,
      crypto: { sha256: () => ({ update: () => undefined, digest: () => new Uint8Array(32) }) },
    });
  }

  #membership(node: SimulatedNode): MembershipPort {
    const host = node.host as NonNullable<SimulatedNode['host']>;
    return {
      change: (steps, conditions, done) => {
        host.changeMembers(group, steps, timeoutMs, (error) => done(error), conditions);
      },
      describe: (members, done) => {
        const steps = members.map(
          ({ id, address }) => ({ kind: 'describe', id, address }) as const,
        );
        host.group(group).changeMembership({ steps }, () => done());
      },
      progressOf: (id) => host.group(group).progressOf(id),
      isConnected: (id) => host.isConnected(id),
      peerUrlsOf: (id) => [`http://${host.addressOf(group, id)}`],
      newId: () => this.nextId,
    };
  }
}

/** So that the table also comes in snapshots. */
const small = { snapshotLogBytes: 3000, snapshotTailEntries: 5, segmentBytes: 16_384 };

class ServedMachine {
  readonly store = new KvStateMachine();
  readonly etcd = new EtcdStateMachine(this.store);
  apply = (entries: Parameters<EtcdStateMachine['apply']>[0]) => this.etcd.apply(entries);
  snapshot = () => this.etcd.snapshot();
  restore = () => this.etcd.restore();
}

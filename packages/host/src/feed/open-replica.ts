import {
  type Address,
  assert,
  formatAddress,
  type Ports,
  Prng,
  type StateMachine,
} from '@quorate/base';
import type { GroupId } from '@quorate/schema';
import { createPeerLinks, Enquirer, type ListeningPeerLinks } from '@quorate/transport';
import { createEnquiryMetrics, type EnquiryMetrics } from '../enquiries/enquiry-metrics.ts';
import { type ClusterAnswer, encodeAnswer, parseRequest } from '../enquiries/messages.ts';
import { FedGroup } from './fed-group.ts';
import type { FollowOptions } from './fed-standing.ts';
import { FeedDesk } from './feed-desk.ts';
import { isFeedRequest } from './feed-messages.ts';

/**
 * A group to be copied. `id` is that of the members; the state machine is an empty one, which the
 * replica alone gives commands from then on.
 */
export interface ReplicaGroup {
  readonly id: GroupId;
  /** For the log. */
  readonly name: string;
  readonly stateMachine: StateMachine<unknown>;
}

/** It keeps nothing on a disk. */
type ReplicaPorts = Omit<Ports, 'fileSystem'>;

/** A replica keeps nothing: it begins with a snapshot of upstream's at every start. */
export interface ReplicaOptions {
  readonly ports: ReplicaPorts;
  /** 16 hex digits. */
  readonly clusterId: string;
  /** Members or other replicas, in the order of preference; at least one. */
  readonly upstream: readonly Address[];
  readonly groups: readonly ReplicaGroup[];
  /** Where further replicas may be fed from; null: nowhere. */
  readonly listen: Address | null;
  /** As the members were given it, for those that ask here; left out: not known. */
  readonly clusterName?: string;
  /** Left out: it is not told who leads, and tells nobody. */
  readonly follow?: ReplicaFollowing;
  /** A state machine threw: the replica has stopped. */
  readonly onHalt: (error: Error) => void;
}

/** Of a replica that follows who leads its groups. */
export interface ReplicaFollowing {
  /** How often it hears from upstream when nothing changes; 100 to 30,000. */
  readonly refreshMs: number;
  /** How many others may follow through it, for each group. */
  readonly maxFollowers: number;
  /** 'host:port' where others reach it; null: as it listens. */
  readonly advertise: Address | null;
}

/** Copies of groups' state that are no members: any number of them, at no cost to the leader. */
export interface Replica {
  /** Where further replicas may be fed from; null: nowhere. */
  readonly address: Address | null;
  group(id: GroupId): FedGroup;
  /** So many follow the group through this replica at the moment. */
  followers(id: GroupId): number;
  close(): void;
}

/** Of one answer: at most a megabyte of entries, or one that is larger. */
const maxFrameBytes = 16 * 1024 * 1024;

/** Each waits for entries all the time and asks for reads: a connection carries 64 at a time. */
const groupsOfConnection = 16;

/** Only enquiries come here, and they name nobody. */
const noMember = Number.MAX_SAFE_INTEGER;

/** Further replicas ask which cluster this is; who wants to join has to ask a member. */
function described(
  request: Uint8Array,
  { clusterId, clusterName, groups }: ReplicaOptions,
): ClusterAnswer {
  if (parseRequest(request)?.kind === 'describe') {
    const own = groups.map(({ id }) => ({ id, index: 0, leader: 0, members: [] }));
    const named = clusterName === undefined ? {} : { clusterName };
    return { kind: 'described', clusterId, ...named, nodeId: noMember, groups: own };
  }
  const message = 'this is a read replica, no member: ask a member';
  const nobody = { reason: '', leader: 0, leaderAddress: '' };
  return { kind: 'refused', code: 'GROUP_UNKNOWN', message, ...nobody };
}

interface Groups {
  readonly fed: ReadonlyMap<GroupId, FedGroup>;
  readonly enquirers: readonly Enquirer[];
}

function createGroups(
  options: ReplicaOptions,
  metrics: EnquiryMetrics,
  follow: FollowOptions | null,
  failed: (error: Error) => void,
): Groups {
  const { ports, clusterId, upstream, groups } = options;
  const { timers, logger, clock } = ports;
  const prng = new Prng(drawn(ports));
  const nowMs = (): number => clock.monotonicMs();
  const enquirers: Enquirer[] = [];
  const fed = new Map<GroupId, FedGroup>();
  for (const [at, { id: group, name, stateMachine }] of groups.entries()) {
    if (at % groupsOfConnection === 0) {
      enquirers.push(new Enquirer({ ...ports, clusterId, nodeId: 0, maxFrameBytes }));
    }
    const enquirer = metrics.asking(enquirers.at(-1) as Enquirer);
    const parts = { group, name, stateMachine, upstream, enquirer, timers, logger, nowMs, failed };
    fed.set(group, new FedGroup({ ...parts, prng, follow }));
  }
  return { fed, enquirers };
}

const nothing = (): void => undefined;

/** It has no peers. */
const unheard = {
  greeted: nothing,
  message: nothing,
  connected: nothing,
  disconnected: nothing,
};

/** @returns 1 to 2^48 */
function drawn({ crypto }: ReplicaPorts): number {
  return crypto.randomBytes(6).reduce((number, byte) => number * 256 + byte, 0) + 1;
}

function followOf(
  { ports, follow }: ReplicaOptions,
  listening: () => Address | null,
): FollowOptions | null {
  if (follow === undefined) return null;
  const { refreshMs, advertise } = follow;
  const address = (): string => {
    const own = listening();
    const told = own === null ? null : (advertise ?? own);
    return told === null || isWildcard(told) ? '' : formatAddress(told);
  };
  return { refreshMs, follower: drawn(ports), address };
}

/** Nobody reaches a wildcard, so it is told to nobody. */
function isWildcard({ host }: Address): boolean {
  return host === '0.0.0.0' || host === '::';
}

/**
 * Opens a read replica. It is fed in the background from then on; reads wait for it.
 *
 * @param done gets the replica, or TransportError when `listen` cannot be listened on
 */
export function openReplica(
  options: ReplicaOptions,
  done: (error: Error | null, replica: Replica | null) => void,
): void {
  const { ports, clusterId, upstream, listen, onHalt } = options;
  assert(upstream.length > 0, 'a replica is fed by somebody');
  const { timers, clock, logger } = ports;
  const metrics = createEnquiryMetrics(ports.metrics, clock);
  let links: ListeningPeerLinks | null = null;
  const follow = followOf(options, () => links?.address ?? null);
  const { enquirers, fed } = createGroups(options, metrics, follow, (error) => failed(error));
  const desk = new FeedDesk((id) => fed.get(id) ?? null, timers, clock, {
    maxFollowers: options.follow?.maxFollowers ?? 0,
    self: follow?.follower ?? 0,
  });
  const close = (): void => {
    for (const group of fed.values()) group.close();
    desk.close();
    for (const enquirer of enquirers) enquirer.close();
    links?.close();
  };
  const failed = (error: Error): void => {
    logger.error('replica halted', { reason: error.message });
    close();
    // What it throws is the program's own affair, and not this replica's.
    timers.defer(() => onHalt(error));
  };
  const begin = (): void => {
    for (const group of fed.values()) group.start();
    done(null, {
      get address() {
        return links?.address ?? null;
      },
      group: (id) => {
        const group = fed.get(id);
        assert(group !== undefined, `group ${id} was given`);
        return group;
      },
      followers: (id) => desk.followers(id),
      close,
    });
  };
  if (listen === null) {
    timers.defer(begin);
    return;
  }
  links = createPeerLinks({
    ...ports,
    nodeId: noMember,
    clusterId,
    incarnation: 0,
    listen,
    peers: new Map(),
    limits: { maxFrameBytes },
    enquired: metrics.serving((request, answer) => {
      if (isFeedRequest(request)) desk.handle(request, answer);
      else answer(encodeAnswer(described(request, options)));
    }),
  });
  links.start(unheard, (error) => {
    if (error === null) begin();
    else done(error, null);
  });
}

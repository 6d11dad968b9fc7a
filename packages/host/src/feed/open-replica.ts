import { type Address, assert, type Ports, type StateMachine } from '@quorate/base';
import type { GroupId } from '@quorate/schema';
import { createPeerLinks, Enquirer, type ListeningPeerLinks } from '@quorate/transport';
import { createEnquiryMetrics, type EnquiryMetrics } from '../enquiries/enquiry-metrics.ts';
import { type ClusterAnswer, encodeAnswer, parseRequest } from '../enquiries/messages.ts';
import { FedGroup } from './fed-group.ts';
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

/** A replica keeps nothing: it begins with a snapshot of upstream's at every start. */
export interface ReplicaOptions {
  readonly ports: Ports;
  /** 16 hex digits. */
  readonly clusterId: string;
  /** Members or other replicas, in the order of preference; at least one. */
  readonly upstream: readonly Address[];
  readonly groups: readonly ReplicaGroup[];
  /** Where further replicas may be fed from; null: nowhere. */
  readonly listen: Address | null;
  /** A state machine threw: the replica has stopped. */
  readonly onHalt: (error: Error) => void;
}

/** Copies of groups' state that are no members: any number of them, at no cost to the leader. */
export interface Replica {
  /** Where further replicas may be fed from; null: nowhere. */
  readonly address: Address | null;
  group(id: GroupId): FedGroup;
  close(): void;
}

/** Of one answer: at most a megabyte of entries, or one that is larger. */
const maxFrameBytes = 16 * 1024 * 1024;

/** Each waits for entries all the time and asks for reads: a connection carries 64 at a time. */
const groupsOfConnection = 16;

/** Only enquiries come here, and they name nobody. */
const noMember = Number.MAX_SAFE_INTEGER;

/** Further replicas ask which cluster this is; who wants to join has to ask a member. */
function described(request: Uint8Array, { clusterId, groups }: ReplicaOptions): ClusterAnswer {
  if (parseRequest(request)?.kind === 'describe') {
    const own = groups.map(({ id }) => ({ id, index: 0, leader: 0, members: [] }));
    return { kind: 'described', clusterId, nodeId: noMember, groups: own };
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
  failed: (error: Error) => void,
): Groups {
  const { ports, clusterId, upstream, groups } = options;
  const { timers, logger, clock } = ports;
  const nowMs = (): number => clock.monotonicMs();
  const enquirers: Enquirer[] = [];
  const fed = new Map<GroupId, FedGroup>();
  for (const [at, { id: group, name, stateMachine }] of groups.entries()) {
    if (at % groupsOfConnection === 0) {
      enquirers.push(new Enquirer({ ...ports, clusterId, nodeId: 0, maxFrameBytes }));
    }
    const enquirer = metrics.asking(enquirers.at(-1) as Enquirer);
    const parts = { group, name, stateMachine, upstream, enquirer, timers, logger, nowMs, failed };
    fed.set(group, new FedGroup(parts));
  }
  return { fed, enquirers };
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
  const { enquirers, fed } = createGroups(options, metrics, (error) => failed(error));
  let links: ListeningPeerLinks | null = null;
  const desk = new FeedDesk((id) => fed.get(id) ?? null, timers, clock);
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
  const nothing = (): void => undefined;
  const handlers = {
    greeted: nothing,
    message: nothing,
    connected: nothing,
    disconnected: nothing,
  };
  links.start(handlers, (error) => {
    if (error === null) begin();
    else done(error, null);
  });
}

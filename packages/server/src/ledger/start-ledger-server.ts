import { randomInt } from 'node:crypto';
import { assert, type Logger } from '@quorate/base';
import { defaultTuning } from '@quorate/host';
import { LedgerMachine } from '@quorate/ledger';
import {
  createClock,
  createLogger,
  groupIdOf,
  type MemberOptions,
  memberIdOf,
  openMember,
  timers,
} from '@quorate/node';
import type { NodeId } from '@quorate/schema';
import { ClockWatch } from '../core/ledger/clock-watch.ts';
import type { LedgerResult } from '../core/ledger/ledger-group.ts';
import { ledgerReplica } from '../core/ledger/ledger-replica.ts';
import { StateVotes } from '../core/ledger/state-votes.ts';
import { apiIdOf } from '../core/member-id.ts';
import { hostMembership } from '../joining/host-membership.ts';
import { leave } from '../joining/leave.ts';
import { MembershipWatch } from '../joining/membership-watch.ts';
import { ownConfig, peerAddress } from '../joining/origin.ts';
import { originOf } from '../joining/origin-of.ts';
import { ServerSecurity } from '../tls/server-security.ts';
import { LedgerMembers } from './ledger-members.ts';
import { ledgerGroupName, RunningLedgerServer } from './ledger-server.ts';
import type { LedgerServer, LedgerServerOptions } from './ledger-server-options.ts';

/**
 * Of a ledger. A command is a batch, of which the largest has 1 MiB. Much is logged in little time,
 * and a snapshot has all of the state: so there is more log between two, and few of the entries
 * before one are kept, for each may be large.
 */
const ledgerTuning = {
  maxCommandBytes: 1.5 * 1024 * 1024,
  snapshotLogBytes: 256 * 1024 * 1024,
  snapshotTailEntries: 500,
};

/**
 * Opens this member's node and serves a ledger from it. Fulfilled when clients can connect; there
 * may be no leader yet.
 *
 * @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED, SERVER_JOIN_REFUSED,
 *   SERVER_MEMBER_REMOVED
 * @throws NodeError NODE_TLS_INVALID; and NodeError, FileSystemError, StorageError as `openMember`
 *   does
 */
export async function startLedgerServer(options: LedgerServerOptions): Promise<LedgerServer> {
  const log = options.log ?? { level: 'info', format: 'logfmt' };
  const logger = createLogger(log);
  const isOneNetwork = options.network === undefined || options.peerTls === undefined;
  assert(isOneNetwork, 'a network of the caller has the TLS that it has');
  const security = await ServerSecurity.open(options, logger);
  const { peers } = security;
  try {
    const network = peers === null ? {} : { network: () => peers };
    return await open({ ...options, ...network, log }, logger, security);
  } catch (error) {
    security.close();
    throw error;
  }
}

/** What goes to the member as it is, if it is given. */
function memberParts(options: LedgerServerOptions): Partial<MemberOptions> {
  const { storage, storageThrough, network, protocolVersions, onHalt } = options;
  return {
    ...(storage === undefined ? {} : { storage }),
    ...(storageThrough === undefined ? {} : { storageThrough }),
    ...(network === undefined ? {} : { network }),
    ...(protocolVersions === undefined ? {} : { protocolVersions }),
    ...(onHalt === undefined ? {} : { onHalt }),
  };
}

async function open(
  options: LedgerServerOptions & Required<Pick<LedgerServerOptions, 'log'>>,
  logger: Logger,
  security: ServerSecurity,
): Promise<LedgerServer> {
  const origin = await originOf(options, logger);
  const { nodeId, clusterId, clusterName, founders } = origin;
  let votes: StateVotes | null = null;
  const machine = new LedgerMachine({
    hashSeed: randomInt(2 ** 32),
    onChecked: (check, hash) => votes?.checked(check, hash),
    onDisagreement: (check, hashes) => {
      const found = [...hashes].map(([member, hash]) => {
        return `${apiIdOf(member).toString(16)}: ${hash.toString(16).padStart(8, '0')}`;
      });
      const advice =
        'the one that most others contradict stops by itself; look at its memory and disk, then ' +
        'remove it and add it anew';
      const said = { check, found: found.join(', '), advice };
      logger.error('replicas do not have the same state', said);
    },
  });
  const clockWatch = new ClockWatch({ clock: createClock(), timers, logger });
  const tuning = { ...defaultTuning, ...ledgerTuning, ...options.tuning };
  const node = await openMember({
    nodeId,
    clusterId,
    dataDirectory: options.dataDirectory,
    listen: options.listenPeer,
    members: new Map([...origin.members, [nodeId, peerAddress(ownConfig(options))]]),
    contacts: origin.contacts,
    ...(clusterName === null ? {} : { clusterName }),
    groups: { [ledgerGroupName]: ledgerReplica(machine, clockWatch) },
    voters: { [ledgerGroupName]: [...founders.keys()] },
    tuning,
    log: options.log,
    ...memberParts(options),
  });
  const { host } = node;
  const group = groupIdOf(ledgerGroupName);
  votes = new StateVotes(host.group<LedgerResult>(group), timers);
  const { requestTimeoutMs: timeoutMs, electionTimeoutMs } = tuning;
  const peerUrls = new Map([...founders, [nodeId, ownConfig(options).peerUrls] as const]);
  const identity = { clusterId: BigInt(`0x${clusterId}`), memberId: apiIdOf(nodeId) };
  const members = new LedgerMembers({
    identity,
    group: host.group<LedgerResult>(group),
    host,
    membership: hostMembership({ host, group, timeoutMs, peerUrls }),
    timeoutMs,
    names: new Map([...foundersNames(options), [nodeId, options.name]]),
  });
  const { name, maxConnections } = options;
  const limits = maxConnections === undefined ? {} : { maxConnections };
  const shared = { name, identity, node, machine, clockWatch, members, security, logger };
  const server = new RunningLedgerServer({ ...shared, ...limits });
  await server.listen(options.listenClient, options.listenMetrics);
  const removed = (): void => void leave(server, options, logger);
  const watch = new MembershipWatch({ host, group, electionTimeoutMs, logger, removed });
  server.onClose(() => watch.stop());
  watch.start();
  return server;
}

/** Who joined later has another id than its name and the token give. */
function foundersNames({ members, clusterToken }: LedgerServerOptions): [NodeId, string][] {
  return members.map(({ name }) => [memberIdOf(clusterToken, name), name]);
}

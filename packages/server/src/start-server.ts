import { crc32 } from 'node:zlib';
import type { Tracer } from '@opentelemetry/api';
import { assert, type Logger } from '@quorate/base';
import { defaultTuning } from '@quorate/host';
import { KvStateMachine } from '@quorate/kv';
import { createLogger, type MemberOptions, openMember } from '@quorate/node';
import { maxCommandBytesOf } from './api-options.ts';
import { createAuth } from './auth/served-auth.ts';
import { apiIdOf, EtcdStateMachine } from './core/index.ts';
import { EtcdServer, groupName } from './etcd-server.ts';
import { hostMembership } from './joining/host-membership.ts';
import { leave } from './joining/leave.ts';
import { MembershipWatch } from './joining/membership-watch.ts';
import { ownConfig, peerAddress } from './joining/origin.ts';
import { originOf } from './joining/origin-of.ts';
import { finishInterrupted } from './restore/recover-member.ts';
import { readRecovered, warnOfRecovery } from './restore/recovered-note.ts';
import type { QuorateServer, ServerOptions } from './server.ts';
import { ServerSecurity } from './tls/server-security.ts';
import type { ServerTracing } from './tracing/tracing.ts';

/** Here, not at the top: a server that is not traced does not load what tracing needs. */
async function traced(tracer: Tracer): Promise<ServerTracing> {
  const { traceServer } = await import('./tracing/tracing.ts');
  return traceServer(tracer);
}

/** What goes to the member as it is, if it is given. */
function memberParts(options: ServerOptions): Partial<MemberOptions> {
  const { storage, storageThrough, network, protocolVersions, onHalt } = options;
  return {
    ...(storage === undefined ? {} : { storage }),
    ...(storageThrough === undefined ? {} : { storageThrough }),
    ...(network === undefined ? {} : { network }),
    ...(protocolVersions === undefined ? {} : { protocolVersions }),
    ...(onHalt === undefined ? {} : { onHalt }),
  };
}

/** As etcd's. */
const defaultQuotaBytes = 2 * 2 ** 30;

/**
 * Opens this member's node and serves the etcd API from it. Fulfilled when clients can connect;
 * there may be no leader yet.
 *
 * @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED, SERVER_TOKEN_OPTIONS_INVALID,
 *   SERVER_JOIN_REFUSED, SERVER_MEMBER_REMOVED
 * @throws NodeError NODE_TLS_INVALID; and NodeError, FileSystemError, StorageError as `openMember`
 *   does
 */
export async function startServer(options: ServerOptions): Promise<QuorateServer> {
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

type OpenOptions = ServerOptions & Required<Pick<ServerOptions, 'log'>>;

async function open(
  options: OpenOptions,
  logger: Logger,
  security: ServerSecurity,
): Promise<QuorateServer> {
  const { log, dataDirectory } = options;
  if (dataDirectory !== null) finishInterrupted(dataDirectory, undefined, logger);
  const recovered = dataDirectory === null ? null : readRecovered(dataDirectory);
  const origin = await originOf(options, logger);
  const { nodeId, clusterId, clusterName, founders } = origin;
  const auth = createAuth(options.auth ?? {});
  const store = new KvStateMachine({ checksum: { crc32 } });
  const machine = new EtcdStateMachine(store);
  const tracing = options.tracer === undefined ? undefined : await traced(options.tracer);
  const node = await openMember({
    nodeId,
    clusterId,
    dataDirectory: options.dataDirectory,
    listen: options.listenPeer,
    members: new Map([...origin.members, [nodeId, peerAddress(ownConfig(options))]]),
    contacts: origin.contacts,
    ...(clusterName === null ? {} : { clusterName }),
    groups: { [groupName]: machine },
    voters: { [groupName]: [...founders.keys()] },
    tuning: { maxCommandBytes: maxCommandBytesOf(options.api ?? {}), ...options.tuning },
    log,
    ...(tracing === undefined ? {} : { observer: tracing.observer }),
    ...memberParts(options),
  });
  const { group, configuration } = node.group(groupName).status();
  if (recovered !== null) warnOfRecovery(recovered, configuration, logger);
  const { requestTimeoutMs, electionTimeoutMs } = { ...defaultTuning, ...options.tuning };
  const peerUrls = new Map([...founders, [nodeId, ownConfig(options).peerUrls] as const]);
  const server = new EtcdServer({
    name: options.name,
    identity: { clusterId: BigInt(`0x${clusterId}`), memberId: apiIdOf(nodeId) },
    node,
    machine,
    store,
    tuning: { ...defaultTuning, ...options.tuning },
    auth,
    membership: hostMembership({ host: node.host, group, timeoutMs: requestTimeoutMs, peerUrls }),
    autoPromoteLearners: options.autoPromoteLearners === true,
    peerUrls: [...peerUrls].map(([member, urls]) => ({ member, peerUrls: urls })),
    advertiseClientUrls: options.advertiseClientUrls,
    quotaBytes: options.quotaBytes ?? defaultQuotaBytes,
    ...(options.api === undefined ? {} : { api: options.api }),
    ...(tracing === undefined ? {} : { tracing }),
    ...(options.backup === undefined ? {} : { backup: options.backup }),
    recovered,
    security,
    logger,
  });
  await server.listen(options.listenClient, options.listenMetrics);
  const watch = new MembershipWatch({
    host: node.host,
    group,
    electionTimeoutMs,
    logger,
    removed: () => void leave(server, options, logger),
  });
  server.onClose(() => watch.stop());
  watch.start();
  return server;
}

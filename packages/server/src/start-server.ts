import { crc32 } from 'node:zlib';
import { type Address, present } from '@quorate/base';
import { defaultTuning } from '@quorate/host';
import { KvStateMachine } from '@quorate/kv';
import { clusterIdOf, createLogger, memberIdOf, openMember } from '@quorate/node';
import type { NodeId } from '@quorate/schema';
import { createAuth } from './auth/served-auth.ts';
import { EtcdStateMachine } from './core/index.ts';
import { EtcdServer, groupName, maxCommandBytes } from './etcd-server.ts';
import type { MemberConfig, QuorateServer, ServerOptions } from './server.ts';

function peerAddress({ name, peerUrls }: MemberConfig): Address {
  const url = new URL(present(peerUrls[0], `member ${name} has a peer URL`));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port === '' ? 80 : url.port) };
}

/** As etcd's. */
const defaultQuotaBytes = 2 * 2 ** 30;

/**
 * Opens this member's node and serves the etcd API from it. Fulfilled when clients can connect;
 * there may be no leader yet.
 *
 * @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED, SERVER_TOKEN_OPTIONS_INVALID
 * @throws NodeError, FileSystemError, StorageError as `openMember` does
 */
export async function startServer(options: ServerOptions): Promise<QuorateServer> {
  const { clusterToken, members } = options;
  const idOf = ({ name }: { name: string }): NodeId => memberIdOf(clusterToken, name);
  const nodeId = idOf(options);
  const clusterId = clusterIdOf(clusterToken, members.map(idOf));
  const log = options.log ?? { level: 'info', format: 'logfmt' };
  const auth = createAuth(options.auth ?? {});
  const store = new KvStateMachine({ checksum: { crc32 } });
  const machine = new EtcdStateMachine(store);
  const node = await openMember({
    nodeId,
    clusterId,
    dataDirectory: options.dataDirectory,
    listen: options.listenPeer,
    members: new Map(members.map((member) => [idOf(member), peerAddress(member)])),
    groups: { [groupName]: machine },
    tuning: { maxCommandBytes, ...options.tuning },
    log,
    ...(options.onHalt === undefined ? {} : { onHalt: options.onHalt }),
  });
  const server = new EtcdServer({
    name: options.name,
    identity: { clusterId: BigInt(`0x${clusterId}`), memberId: BigInt(nodeId) },
    node,
    machine,
    store,
    tuning: { ...defaultTuning, ...options.tuning },
    auth,
    peerUrls: new Map(members.map((member) => [idOf(member), member.peerUrls])),
    advertiseClientUrls: options.advertiseClientUrls,
    quotaBytes: options.quotaBytes ?? defaultQuotaBytes,
    logger: createLogger(log),
  });
  await server.listen(options.listenClient);
  return server;
}

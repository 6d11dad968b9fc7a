import type { Socket } from 'node:net';
import type { Address, Logger } from '@quorate/base';
import type { KvStateMachine } from '@quorate/kv';
import { type ClusterMember, createClock, systemCrypto, timers } from '@quorate/node';
import { etcd } from '@quorate/schema';
import type { ServedAuth } from './auth/served-auth.ts';
import {
  type EtcdResult,
  EtcdService,
  type EtcdStateMachine,
  type ServerIdentity,
  type ServiceOptions,
} from './core/index.ts';
import { Gateway } from './gateway/gateway.ts';
import { MemberPublisher } from './member-publisher.ts';
import { servedGroupOf } from './node-group.ts';
import { ClientPort } from './port/client-port.ts';
import { HttpEndpoints } from './port/http-endpoints.ts';
import { Http2Backend } from './rpc/http2-backend.ts';
import type { RpcBackend } from './rpc/rpc-backend.ts';
import type { QuorateServer, ServerStatus } from './server.ts';
import { apiVersion, statusPages } from './status-pages.ts';

/** The one group there is. Its name is permanent: it decides the group's id. */
export const groupName = 'etcd';

/** What clients of etcd may propose at most. */
export const maxCommandBytes = 1.5 * 1024 * 1024;

/** Of the 2 s that closing may take, what calls under way have to end. */
const closeGraceMs = 800;

export interface EtcdServerOptions {
  readonly name: string;
  readonly identity: ServerIdentity;
  readonly node: ClusterMember;
  readonly machine: EtcdStateMachine;
  readonly store: KvStateMachine;
  readonly peerUrls: ServiceOptions['peerUrls'];
  readonly tuning: ServiceOptions['tuning'];
  /** Closed with the server; without it there are no methods for users and tokens. */
  readonly auth?: ServedAuth;
  readonly advertiseClientUrls: readonly string[];
  readonly quotaBytes: number;
  readonly logger: Logger;
}

/** Serves the etcd API from an open node, which it closes with itself. */
export class EtcdServer implements QuorateServer {
  readonly #options: EtcdServerOptions;
  readonly #service: EtcdService;
  readonly #backend: RpcBackend;
  readonly #http: HttpEndpoints;
  readonly #port: ClientPort;
  readonly #publisher: MemberPublisher;
  #closed: Promise<void> | null = null;

  constructor(options: EtcdServerOptions) {
    const { node, machine, name, logger } = options;
    const group = node.group<EtcdResult>(groupName);
    this.#options = options;
    this.#service = new EtcdService({
      identity: options.identity,
      group: servedGroupOf(group),
      machine,
      store: options.store,
      peerUrls: options.peerUrls,
      version: apiVersion,
      maxCommandBytes,
      quotaBytes: options.quotaBytes,
      tuning: options.tuning,
      clock: createClock(),
      timers,
      crypto: systemCrypto,
      ...(options.auth === undefined ? {} : { auth: options.auth }),
    });
    this.#backend = grpcBackend(this.#service);
    const pages = statusPages({ service: this.#service, metricsText: () => node.metricsText() });
    const gateway = new Gateway({ service: this.#service, requestTimeoutMs: 10_000 });
    this.#http = new HttpEndpoints(pages, [gateway], logger);
    const takers = {
      http1: (socket: Socket) => this.#http.connection(socket),
      http2: (socket: Socket) => this.#backend.connection(socket),
    };
    this.#port = new ClientPort(takers, logger);
    const attributes = { member: node.nodeId, name, clientUrls: options.advertiseClientUrls };
    this.#publisher = new MemberPublisher(group, machine, attributes, logger);
  }

  get clientAddresses(): readonly Address[] {
    return this.#port.addresses;
  }

  /** @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED; the server is closed then */
  async listen(addresses: readonly Address[]): Promise<void> {
    try {
      for (const address of addresses) await this.#port.listen(address);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#publisher.start();
    const where = this.clientAddresses.map(({ host, port }) => `${host}:${port}`).join(' ');
    this.#options.logger.info('serving clients', { addresses: where });
  }

  status(): ServerStatus {
    const { identity, name } = this.#options;
    const { role, term, leader, commitIndex, appliedIndex } = this.#service.context.group.status();
    return { ...identity, name, role, term, leader: BigInt(leader), commitIndex, appliedIndex };
  }

  onLeader(listener: (leader: bigint, term: number) => void): void {
    let known = this.#service.context.leadership.leader;
    this.#service.context.group.onLeadership(({ leader, term }) => {
      if (leader === known) return;
      known = leader;
      listener(BigInt(leader), term);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    this.#service.stop();
    this.#publisher.stop();
    this.#port.stop();
    await this.#backend.close(closeGraceMs);
    this.#http.close();
    this.#options.auth?.close();
    await this.#options.node.close();
  }
}

function grpcBackend(service: EtcdService): RpcBackend {
  const backend = new Http2Backend();
  const { unaryPaths, streamPaths } = service;
  for (const path of unaryPaths) backend.unary(path, service.unary(path));
  for (const path of streamPaths) backend.stream(path, service.stream(path));
  const offered = new Set([...unaryPaths, ...streamPaths]);
  for (const { path } of etcd.rpcs) if (!offered.has(path)) backend.unimplemented(path);
  return backend;
}

import type { Socket } from 'node:net';
import type { Address, Logger } from '@quorate/base';
import type { KvStateMachine } from '@quorate/kv';
import type { ClusterMember } from '@quorate/node';
import { etcd } from '@quorate/schema';
import {
  type EtcdResult,
  EtcdService,
  type EtcdStateMachine,
  type ServerIdentity,
  type ServiceOptions,
} from './core/index.ts';
import { MemberPublisher } from './member-publisher.ts';
import { servedGroupOf } from './node-group.ts';
import { ClientPort } from './port/client-port.ts';
import { HttpEndpoints } from './port/http-endpoints.ts';
import { GrpcJsBackend } from './rpc/grpc-js-backend.ts';
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
  readonly advertiseClientUrls: readonly string[];
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
    });
    this.#backend = grpcBackend(this.#service);
    const pages = statusPages({ service: this.#service, metricsText: () => node.metricsText() });
    this.#http = new HttpEndpoints(pages, logger);
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
    await this.#options.node.close();
  }
}

function grpcBackend(service: EtcdService): RpcBackend {
  const backend = new GrpcJsBackend();
  const { unaryPaths, streamPaths } = service;
  for (const path of unaryPaths) backend.unary(path, service.unary(path));
  for (const path of streamPaths) backend.stream(path, service.stream(path));
  const offered = new Set([...unaryPaths, ...streamPaths]);
  for (const path of etcd.methods) if (!offered.has(path)) backend.unimplemented(path);
  return backend;
}

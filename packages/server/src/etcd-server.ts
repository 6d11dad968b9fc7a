import type { Socket } from 'node:net';
import type { Address, Logger } from '@quorate/base';
import type { KvStateMachine } from '@quorate/kv';
import { type ClusterMember, createClock, RefusalLog, systemCrypto, timers } from '@quorate/node';
import { etcd } from '@quorate/schema';
import {
  type ApiOptions,
  maxCommandBytesOf,
  maxMessageBytesOf,
  serviceParts,
} from './api-options.ts';
import type { ServedAuth } from './auth/served-auth.ts';
import { type BackupOptions, BackupSchedule } from './backup/backup-schedule.ts';
import {
  apiIdOf,
  type EtcdResult,
  EtcdService,
  type EtcdStateMachine,
  nodeOfApiId,
  type PeerUrlsOf,
  type ServerIdentity,
  type ServiceOptions,
} from './core/index.ts';
import { Gateway } from './gateway/gateway.ts';
import type { Checked } from './health/checks.ts';
import { ClientTotals } from './limits/client-totals.ts';
import { ConnectionLimit } from './limits/connection-limit.ts';
import { MemberPublisher } from './member-publisher.ts';
import { ClientBytes } from './metrics/client-bytes.ts';
import { MessageCounts } from './metrics/message-counts.ts';
import { ReadCounts } from './metrics/read-counts.ts';
import { servedGroupOf } from './node-group.ts';
import { ClientPort } from './port/client-port.ts';
import { HttpEndpoints } from './port/http-endpoints.ts';
import type { HttpHandler } from './port/http-exchange.ts';
import { MetricsPort } from './port/metrics-port.ts';
import { type RecoveredNote, recoveredText } from './restore/recovered-note.ts';
import { defaultHttp2Limits } from './rpc/http2/limits.ts';
import { Http2Backend } from './rpc/http2-backend.ts';
import type { RpcBackend } from './rpc/rpc-backend.ts';
import type { CloseOptions, QuorateServer, ServerStatus } from './server.ts';
import { apiVersion, statusPages } from './status-pages.ts';
import type { ServerSecurity } from './tls/server-security.ts';
import type { ClientListener } from './tls/tls-options.ts';
import type { ServerTracing } from './tracing/tracing.ts';
import { type UnaryHandlers, unaryHandlers } from './tracing/unary-handlers.ts';

/** The one group there is. Its name is permanent: it decides the group's id. */
export const groupName = 'etcd';

/** Of the 2 s that closing may take, what calls under way have to end. */
const closeGraceMs = 800;

/** How long a leader that is to stop looks for another; a healthy one takes a few round trips. */
const handOverMs = 700;

export interface EtcdServerOptions {
  readonly name: string;
  readonly identity: ServerIdentity;
  readonly node: ClusterMember;
  readonly machine: EtcdStateMachine;
  readonly store: KvStateMachine;
  readonly membership: ServiceOptions['membership'];
  readonly autoPromoteLearners?: boolean;
  /** Of this node, and of those it founded the cluster with. */
  readonly peerUrls: readonly PeerUrlsOf[];
  readonly tuning: ServiceOptions['tuning'];
  /** Closed with the server; without it there are no methods for users and tokens. */
  readonly auth?: ServedAuth;
  readonly advertiseClientUrls: readonly string[];
  readonly quotaBytes: number;
  readonly api?: ApiOptions;
  readonly tracing?: ServerTracing;
  readonly backup?: BackupOptions;
  /** Non-null: this member was once made the only voter. */
  readonly recovered?: RecoveredNote | null;
  /** Closed with the server. */
  readonly security?: ServerSecurity;
  readonly logger: Logger;
}

/** Serves the etcd API from an open node, which it closes with itself. */
export class EtcdServer implements QuorateServer {
  readonly #options: EtcdServerOptions;
  readonly #service: EtcdService;
  readonly #backend: RpcBackend;
  readonly #http: HttpEndpoints;
  readonly #port: ClientPort;
  readonly #metrics: MetricsPort;
  readonly #publisher: MemberPublisher;
  readonly #backups: BackupSchedule | null;
  readonly #closeListeners: (() => void)[] = [];
  #isDraining = false;
  #closed: Promise<void> | null = null;

  constructor(options: EtcdServerOptions) {
    const { node, machine, name, logger, api = {} } = options;
    const group = node.group<EtcdResult>(groupName);
    this.#options = options;
    const clock = createClock();
    const reads = new ReadCounts(clock);
    const counts = { clientBytes: new ClientBytes(), messages: new MessageCounts(), reads };
    this.#service = new EtcdService({
      identity: options.identity,
      group: reads.of(servedGroupOf(group)),
      machine,
      store: options.store,
      membership: options.membership,
      autoPromoteLearners: options.autoPromoteLearners === true,
      version: apiVersion,
      maxCommandBytes: maxCommandBytesOf(api),
      quotaBytes: options.quotaBytes,
      ...serviceParts(api),
      tuning: options.tuning,
      clock,
      timers,
      crypto: systemCrypto,
      ...(options.auth === undefined ? {} : { auth: options.auth }),
    });
    const unary = unaryHandlers(this.#service, options.tracing);
    const totals = clientTotals(logger);
    const connections = new ConnectionLimit(api.maxConnections);
    const plain: HttpHandler = (request, response) => this.#http.serve(request, response);
    const limited = { api, totals, messages: counts.messages };
    this.#backend = grpcBackend(this.#service, unary, limited, plain);
    const pages = statusPages({
      service: this.#service,
      health: this.#checked(),
      counts,
      metricsText: async () =>
        [
          await node.metricsText(),
          this.#backups?.figures.text() ?? '',
          options.security?.metricsText() ?? '',
          connections.metricsText(),
          totals.metricsText(),
          options.recovered ? recoveredText(options.recovered) : '',
        ].join('\n'),
    });
    const gateway = new Gateway({
      service: this.#service,
      unary,
      requestTimeoutMs: 10_000,
      maxMessageBytes: maxMessageBytesOf(api),
      totals,
    });
    this.#http = new HttpEndpoints(pages, [gateway], logger);
    const takers = {
      http1: (socket: Socket) => this.#http.connection(socket),
      http2: (socket: Socket, commonName: string) => {
        counts.clientBytes.add(socket);
        this.#backend.connection(socket, commonName);
      },
    };
    const security = options.security?.clients ?? null;
    this.#port = new ClientPort(takers, logger, security, undefined, connections);
    this.#metrics = new MetricsPort(pages, logger);
    this.#backups = this.#backupSchedule();
    const attributes = { member: node.nodeId, name, clientUrls: options.advertiseClientUrls };
    const { peerUrls } = options;
    this.#publisher = new MemberPublisher(group, machine, attributes, peerUrls, logger);
  }

  get clientAddresses(): readonly Address[] {
    return this.#port.addresses;
  }

  /** @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED; the server is closed then */
  async listen(
    addresses: readonly ClientListener[],
    metricsAddresses: readonly Address[] = [],
  ): Promise<void> {
    try {
      for (const address of addresses) await this.#port.listen(address);
      for (const address of metricsAddresses) await this.#metrics.listen(address);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#publisher.start();
    this.#backups?.start();
    const where = this.clientAddresses.map(({ host, port }) => `${host}:${port}`).join(' ');
    this.#options.logger.info('serving clients', { addresses: where });
  }

  status(): ServerStatus {
    const { identity, name } = this.#options;
    const { role, term, leader, commitIndex, appliedIndex } = this.#service.context.group.status();
    return { ...identity, name, role, term, leader: apiIdOf(leader), commitIndex, appliedIndex };
  }

  onLeader(listener: (leader: bigint, term: number) => void): void {
    let known = this.#service.context.leadership.leader;
    this.#service.context.group.onLeadership(({ leader, term }) => {
      if (leader === known) return;
      known = leader;
      listener(apiIdOf(leader), term);
    });
  }

  transferLeadership(to: bigint): Promise<void> {
    return this.#options.node.group(groupName).transferLeadership(nodeOfApiId(to));
  }

  /** Called when it begins to close. */
  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  close({ abrupt = false, reason }: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#logEnd(abrupt, reason ?? 'it was told to');
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #backupSchedule(): BackupSchedule | null {
    const { backup, identity, machine, store, logger } = this.#options;
    const { group } = this.#service.context;
    if (backup === undefined) return null;
    const isLeader = (): boolean => group.status().role === 'leader';
    const { clusterId } = identity;
    return new BackupSchedule(backup, { clusterId, machine, store, group, isLeader, logger });
  }

  #checked(): Checked {
    const { context } = this.#service;
    const { node } = this.#options;
    const isDraining = (): boolean => this.#isDraining;
    return {
      context,
      get writable() {
        return node.writable;
      },
      get isDraining() {
        return isDraining();
      },
    };
  }

  /** So that who reads the log can tell a stop from a crash, and a clean one from another. */
  async #logEnd(isAbrupt: boolean, reason: string): Promise<void> {
    const { logger } = this.#options;
    logger.info('stopping', { reason });
    await this.#end(isAbrupt);
    logger.info('stopped');
  }

  async #end(isAbrupt: boolean): Promise<void> {
    this.#isDraining = true;
    this.#publisher.stop();
    for (const listener of this.#closeListeners) listener();
    void this.#backups?.stop();
    if (!isAbrupt) await this.#handOver();
    this.#port.stop();
    this.#metrics.stop();
    // Before the service stops, or clients would be told so as no dead process can.
    if (isAbrupt) await this.#endCalls(0);
    this.#service.stop();
    await this.#endCalls(closeGraceMs);
    this.#options.auth?.close();
    await this.#options.node.close();
    this.#options.security?.close();
  }

  /** Calls are served meanwhile: whoever takes over answers what comes late. */
  async #handOver(): Promise<void> {
    const { node, logger } = this.#options;
    const group = node.group(groupName);
    const { role, configuration } = group.status();
    if (role !== 'leader' || configuration.voters.length === 1) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, handOverMs);
    const handedOver = group.transferLeadership(null).then(
      () => logger.info('lead handed over'),
      (error: unknown) => logger.warn('lead not handed over', { reason: String(error) }),
    );
    await Promise.race([handedOver, late.promise]);
    clearTimeout(timer);
  }

  async #endCalls(graceMs: number): Promise<void> {
    const http = [this.#http.close(graceMs), this.#metrics.close(graceMs)];
    await Promise.all([this.#backend.close(graceMs), ...http]);
  }
}

function clientTotals(logger: Logger): ClientTotals {
  const refusals = new RefusalLog(logger);
  return new ClientTotals(undefined, (remote) => {
    const reason = 'answers or requests of all clients take too much memory, and its own take most';
    const advice =
      'read answers as they come, ask for less at a time, or give the node more memory';
    refusals.warn('client cut off', remote, { reason, advice });
  });
}

interface BackendParts {
  readonly api: ApiOptions;
  readonly totals: ClientTotals;
  readonly messages: MessageCounts;
}

function grpcBackend(
  service: EtcdService,
  unary: UnaryHandlers,
  { api, totals, messages }: BackendParts,
  plain: HttpHandler,
): RpcBackend {
  const usual = defaultHttp2Limits;
  const { maxConcurrentStreams = usual.maxConcurrentStreams } = api;
  const maxMessageBytes = maxMessageBytesOf(api);
  const limits = { ...usual, maxConcurrentStreams, maxMessageBytes };
  const backend = new Http2Backend(limits, totals, plain);
  const { unaryPaths, streamPaths } = service;
  for (const path of unaryPaths) backend.unary(path, unary(path));
  for (const path of streamPaths) {
    backend.stream(path, messages.of(path, service.stream(path)));
  }
  const offered = new Set([...unaryPaths, ...streamPaths]);
  for (const { path } of etcd.rpcs) if (!offered.has(path)) backend.unimplemented(path);
  return backend;
}

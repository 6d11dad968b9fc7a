import type { Socket } from 'node:net';
import type { Address, Logger } from '@quorate/base';
import { encodeLedgerCommand, type LedgerMachine } from '@quorate/ledger';
import { createClock, groupIdOf, type OpenedMember, RefusalLog, timers } from '@quorate/node';
import { encodeSessionCommand, type GroupHandle } from '@quorate/runtime';
import { ledger, type NodeId } from '@quorate/schema';
import type { ServerIdentity } from '../core/answer-writer.ts';
import type { ClockWatch } from '../core/ledger/clock-watch.ts';
import type { LedgerResult } from '../core/ledger/ledger-group.ts';
import { LedgerService } from '../core/ledger/ledger-service.ts';
import { PulseTicker } from '../core/ledger/pulse-ticker.ts';
import { servedBooks } from '../core/ledger/served-books.ts';
import { apiIdOf, nodeOfApiId } from '../core/member-id.ts';
import { ClientTotals } from '../limits/client-totals.ts';
import { ConnectionLimit } from '../limits/connection-limit.ts';
import { ClientPort } from '../port/client-port.ts';
import { HttpEndpoints } from '../port/http-endpoints.ts';
import { MetricsPort } from '../port/metrics-port.ts';
import { defaultHttp2Limits } from '../rpc/http2/limits.ts';
import { Http2Backend } from '../rpc/http2-backend.ts';
import type { RpcBackend } from '../rpc/rpc-backend.ts';
import type { CloseOptions, ServerStatus } from '../server.ts';
import type { ServerSecurity } from '../tls/server-security.ts';
import type { ClientListener } from '../tls/tls-options.ts';
import type { LedgerMembers } from './ledger-members.ts';
import { ledgerPages } from './ledger-pages.ts';
import type { LedgerServer } from './ledger-server-options.ts';

/** The one group there is. Its name is permanent: it decides the group's id. */
export const ledgerGroupName = 'ledger';

/** Of the 2 s that closing may take, what calls under way have to end. */
const closeGraceMs = 800;

/** How long a leader that is to stop looks for another; a healthy one takes a few round trips. */
const handOverMs = 700;

/** A batch in ordinary messages is twice as large as in columns. */
const maxMessageBytes = 4 * 1024 * 1024;

/** A stream of batches has so much under way; a window that is smaller would hold it up. */
const streamWindowBytes = 16 * 1024 * 1024;

export interface RunningLedgerServerOptions {
  readonly name: string;
  readonly identity: ServerIdentity;
  /** Closed with the server. */
  readonly node: OpenedMember;
  readonly machine: LedgerMachine;
  /** Of the entries that the machine applies; started and stopped with the server. */
  readonly clockWatch: ClockWatch;
  readonly members: Pick<LedgerMembers, 'methods'>;
  /** Closed with the server. */
  readonly security: ServerSecurity;
  readonly maxConnections?: number;
  readonly logger: Logger;
}

/** Serves a ledger from an open node, which it closes with itself. */
export class RunningLedgerServer implements LedgerServer {
  readonly #options: RunningLedgerServerOptions;
  readonly #group: GroupHandle<LedgerResult>;
  readonly #service: LedgerService;
  readonly #ticker: PulseTicker;
  readonly #backend: RpcBackend;
  readonly #http: HttpEndpoints;
  readonly #port: ClientPort;
  readonly #metrics: MetricsPort;
  readonly #closeListeners: (() => void)[] = [];
  #isDraining = false;
  #closed: Promise<void> | null = null;

  constructor(options: RunningLedgerServerOptions) {
    const { node, machine, logger, name, security } = options;
    this.#options = options;
    const books = servedBooks(machine);
    const group = node.host.group<LedgerResult>(groupIdOf(ledgerGroupName));
    this.#group = group;
    this.#service = new LedgerService({ name, group, books, timers, logger });
    this.#ticker = new PulseTicker({
      group,
      nextExpiryMicros: () => books.nextExpiryMicros(),
      pulse: encodeSessionCommand({
        kind: 'plain',
        command: encodeLedgerCommand({ kind: 'pulse' }),
      }),
      clock: createClock(),
      timers,
    });
    const totals = clientTotals(logger);
    const connections = new ConnectionLimit(options.maxConnections);
    this.#backend = backendOf(this.#service, options.members, totals, (request, response) =>
      this.#http.serve(request, response),
    );
    const pages = ledgerPages({
      name,
      service: this.#service,
      group,
      books,
      pulses: this.#ticker,
      clockWatch: options.clockWatch,
      isDraining: () => this.#isDraining,
      isWritable: () => node.writable,
      metricsText: async () => {
        const parts = [security, connections, totals].map((part) => part.metricsText());
        return [await node.metricsText(), ...parts].join('\n');
      },
    });
    this.#http = new HttpEndpoints(pages, [], logger);
    const takers = {
      http1: (socket: Socket) => this.#http.connection(socket),
      http2: (socket: Socket, commonName: string) => this.#backend.connection(socket, commonName),
    };
    this.#port = new ClientPort(takers, logger, security.clients, undefined, connections);
    this.#metrics = new MetricsPort(pages, logger);
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
    this.#ticker.start();
    this.#options.clockWatch.start(this.#group);
    const where = this.clientAddresses.map(({ host, port }) => `${host}:${port}`).join(' ');
    this.#options.logger.info('serving clients', { addresses: where });
  }

  status(): ServerStatus {
    const { identity, name } = this.#options;
    const { role, term, leader, commitIndex, appliedIndex } = this.#group.status();
    return { ...identity, name, role, term, leader: apiIdOf(leader), commitIndex, appliedIndex };
  }

  onLeader(listener: (leader: bigint, term: number) => void): void {
    let known = this.#group.status().leader;
    this.#group.onLeadership(({ leader, term }) => {
      if (leader === known) return;
      known = leader;
      listener(apiIdOf(leader), term);
    });
  }

  transferLeadership(to: bigint): Promise<void> {
    return this.#transferTo(nodeOfApiId(to));
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

  async #logEnd(isAbrupt: boolean, reason: string): Promise<void> {
    const { logger } = this.#options;
    logger.info('stopping', { reason });
    await this.#end(isAbrupt);
    logger.info('stopped');
  }

  async #end(isAbrupt: boolean): Promise<void> {
    this.#isDraining = true;
    for (const listener of this.#closeListeners) listener();
    this.#ticker.stop();
    this.#options.clockWatch.stop();
    if (!isAbrupt) await this.#handOver();
    this.#port.stop();
    this.#metrics.stop();
    // Before the service stops, or clients would be told so as no dead process can.
    if (isAbrupt) await this.#endCalls(0);
    this.#service.stop();
    await this.#endCalls(closeGraceMs);
    await this.#options.node.close();
    this.#options.security.close();
  }

  /** Calls are served meanwhile: whoever takes over answers what comes late. */
  async #handOver(): Promise<void> {
    const { logger } = this.#options;
    const { role, configuration } = this.#group.status();
    if (role !== 'leader' || configuration.voters.length === 1) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, handOverMs);
    const handedOver = this.#transferTo(null).then(
      () => logger.info('lead handed over'),
      (error: unknown) => logger.warn('lead not handed over', { reason: String(error) }),
    );
    await Promise.race([handedOver, late.promise]);
    clearTimeout(timer);
  }

  /** @param to null: to the voter that would take over best */
  #transferTo(to: NodeId | null): Promise<void> {
    return new Promise((fulfil, reject) => {
      this.#group.transferLeadership(to, (error) => (error === null ? fulfil() : reject(error)));
    });
  }

  async #endCalls(graceMs: number): Promise<void> {
    const http = [this.#http.close(graceMs), this.#metrics.close(graceMs)];
    await Promise.all([this.#backend.close(graceMs), ...http]);
  }
}

function clientTotals(logger: Logger): ClientTotals {
  const refusalLog = new RefusalLog(logger);
  return new ClientTotals(undefined, (remote) => {
    const reason = 'answers or requests of all clients take too much memory, and its own take most';
    const advice = 'read answers as they come, or give the node more memory';
    refusalLog.warn('client cut off', remote, { reason, advice });
  });
}

function backendOf(
  service: LedgerService,
  members: RunningLedgerServerOptions['members'],
  totals: ClientTotals,
  plain: ConstructorParameters<typeof Http2Backend>[2],
): RpcBackend {
  const limits = { ...defaultHttp2Limits, maxMessageBytes, streamWindowBytes };
  const backend = new Http2Backend(limits, totals, plain ?? null);
  for (const path of service.unaryPaths) backend.unary(path, service.unary(path));
  for (const path of service.streamPaths) backend.stream(path, service.stream(path));
  for (const [path, method] of members.methods()) {
    backend.unary(path, (request, call, done) => method(request, done, call));
  }
  const offered = new Set([...service.unaryPaths, ...service.streamPaths]);
  for (const { path } of ledger.rpcs) if (!offered.has(path)) backend.unimplemented(path);
  return backend;
}

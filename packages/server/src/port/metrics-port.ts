import type { Socket } from 'node:net';
import type { Address, Logger } from '@quorate/base';
import { ConnectionLimit } from '../limits/connection-limit.ts';
import { ClientPort } from './client-port.ts';
import { type HttpEndpoint, HttpEndpoints } from './http-endpoints.ts';

/** What those who watch over a node need; nothing of what is stored. */
const shown = new Set(['/metrics', '/health', '/livez', '/readyz']);

/** Of those who watch there are few. */
const maxConnections = 256;

/** Addresses with /metrics and /health alone, in plain HTTP, for those who have no certificate. */
export class MetricsPort {
  readonly #http: HttpEndpoints;
  readonly #port: ClientPort;

  constructor(pages: Readonly<Record<string, HttpEndpoint>>, logger: Logger) {
    const ours = Object.entries(pages).filter(([path]) => isShown(path));
    const http = new HttpEndpoints(Object.fromEntries(ours), [], logger);
    const takers = {
      http1: (socket: Socket) => http.connection(socket),
      http2: (socket: Socket) => socket.destroy(),
    };
    this.#http = http;
    const connections = new ConnectionLimit(maxConnections);
    this.#port = new ClientPort(takers, logger, null, '--listen-metrics-urls', connections);
  }

  get addresses(): readonly Address[] {
    return this.#port.addresses;
  }

  /** @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED */
  listen(address: Address): Promise<void> {
    return this.#port.listen(address);
  }

  stop(): void {
    this.#port.stop();
  }

  close(graceMs: number): Promise<void> {
    return this.#http.close(graceMs);
  }
}

function isShown(path: string): boolean {
  return shown.has(path) || /^\/(livez|readyz)\//.test(path);
}

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '@quorate/base';
import type { CallContext, StreamCall, UnaryDone } from '../../../src/core/method.ts';
import { ClientTotals } from '../../../src/limits/client-totals.ts';
import type { HttpHandler } from '../../../src/port/http-exchange.ts';
import { defaultHttp2Limits, type Http2Limits } from '../../../src/rpc/http2/limits.ts';
import { Http2Backend } from '../../../src/rpc/http2-backend.ts';

/** A backend on a port of its own, with a service that does as it is told. */
export class ServedBackend implements AsyncDisposable {
  readonly backend: Http2Backend;
  readonly sockets: Socket[] = [];
  readonly contexts: CallContext[] = [];
  readonly held: UnaryDone[] = [];
  readonly streams: StreamCall[] = [];
  readonly heard: string[] = [];
  /** Whether calls of /test.Service/Both end when their client half-closes. */
  endsWithClient = true;
  readonly #port: Server;

  private constructor(
    limits: Partial<Http2Limits>,
    http: HttpHandler | null,
    totals: ClientTotals,
  ) {
    this.backend = new Http2Backend({ ...defaultHttp2Limits, ...limits }, totals, http);
    this.backend.unary('/test.Service/Echo', (request, context, done) => {
      this.contexts.push(context);
      done(null, request);
    });
    this.backend.unary('/test.Service/Hold', (_request, _context, done) => this.held.push(done));
    this.backend.stream('/test.Service/Both', (call) => {
      this.streams.push(call);
      return {
        message: (request) => {
          this.heard.push(`message ${request.length}`);
          call.send(request);
        },
        halfClosed: () => {
          this.heard.push('halfClosed');
          if (this.endsWithClient) call.end(null);
        },
        drained: () => this.heard.push('drained'),
        closed: () => this.heard.push('closed'),
      };
    });
    this.backend.unimplemented('/test.Service/Later');
    this.#port = createServer((socket) => {
      this.sockets.push(socket);
      this.backend.connection(socket, '');
    });
  }

  static async open(
    limits: Partial<Http2Limits> = {},
    http: HttpHandler | null = null,
    totals = new ClientTotals(),
  ): Promise<ServedBackend> {
    const served = new ServedBackend(limits, http, totals);
    served.#port.listen(0, '127.0.0.1');
    await once(served.#port, 'listening');
    return served;
  }

  get address(): Address {
    const { address, port } = this.#port.address() as AddressInfo;
    return { host: address, port };
  }

  /** Waits, a turn of the event loop at a time. */
  static async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#port.close();
    await this.backend.close(100);
  }
}

import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Address } from '@quorate/base';

export interface HttpAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A client of plain HTTP by one connection of HTTP/2. */
export class HttpClient implements AsyncDisposable {
  readonly session: ClientHttp2Session;

  constructor({ host, port }: Address, settings = {}) {
    this.session = connect(`http://${host}:${port}`, { settings });
    this.session.on('error', () => undefined);
  }

  open(path: string, fields: OutgoingHttpHeaders = {}) {
    const options = { endStream: false };
    const stream = this.session.request({ ':path': path, ...fields }, options);
    stream.on('error', () => undefined);
    return stream;
  }

  async ask(path: string, fields: OutgoingHttpHeaders = {}, body = ''): Promise<HttpAnswer> {
    const stream = this.open(path, fields);
    let headers: Readonly<Record<string, unknown>> = {};
    stream.on('response', (given) => {
      headers = given;
    });
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.end(body);
    await once(stream, 'close');
    return { status: headers[':status'] as number, headers, body: String(Buffer.concat(parts)) };
  }

  post(path: string, body: string, fields: OutgoingHttpHeaders = {}): Promise<HttpAnswer> {
    const type = { 'content-type': 'application/json' };
    return this.ask(path, { ':method': 'POST', ...type, ...fields }, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
    if (!this.session.closed) await once(this.session, 'close');
  }
}

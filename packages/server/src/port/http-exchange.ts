import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** One request of plain HTTP, whatever its version; a stream of its body. */
export interface HttpRequest extends Readable {
  readonly method?: string | undefined;
  /** As it was sent: with the origin before the path, where the client put one there. */
  readonly url?: string | undefined;
  /** By their names in small letters: with HTTP/2 those alone that mean something here. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** That of the connection, which others may use at the same time. */
  readonly socket: Socket;
  /** All of it is there. */
  readonly complete: boolean;
}

/** Its answer; ended without one it is 200 and empty. */
export interface HttpResponse extends Writable {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  /** Once, before the body. */
  writeHead(status: number, headers: Readonly<Record<string, string | number>>): unknown;
  /** Lets the answer go when nothing of it was taken for so long. */
  setTimeout(timeoutMs: number): unknown;
}

/** Answers requests; each once. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

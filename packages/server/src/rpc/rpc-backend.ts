import type { Socket } from 'node:net';
import type { CallContext, StreamMethod, UnaryDone } from '../core/method.ts';

/** One unary method as a backend calls it. */
export type UnaryHandler = (request: Uint8Array, call: CallContext, done: UnaryDone) => void;

/**
 * What speaks gRPC on a connection. It is given connections whose first bytes are HTTP/2's and
 * owns them from then on.
 */
export interface RpcBackend {
  /** Before the first connection, as `stream` and `unimplemented`. */
  unary(path: string, handler: UnaryHandler): void;
  /** Either side may send many messages. */
  stream(path: string, method: StreamMethod): void;
  /** The API has this method, this server does not. */
  unimplemented(path: string): void;
  /**
   * What was already read of the connection has been put back into it.
   *
   * @param commonName of the client's certificate, where that says who it is; '' elsewhere
   */
  connection(socket: Socket, commonName: string): void;
  /** Lets calls that are under way end, cuts those that have not after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

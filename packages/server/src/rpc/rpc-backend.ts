import type { Socket } from 'node:net';
import type { UnaryDone } from '../core/unary-method.ts';

/** One unary method as a backend calls it; `requireLeader` is the client's `hasleader` metadata. */
export type UnaryHandler = (request: Uint8Array, requireLeader: boolean, done: UnaryDone) => void;

/**
 * What speaks gRPC on a connection. It is given connections whose first bytes are HTTP/2's and
 * owns them from then on.
 */
export interface RpcBackend {
  /** Before the first connection. */
  unary(path: string, handler: UnaryHandler): void;
  /** The API has this method, this server does not. */
  unimplemented(path: string): void;
  /** What was already read of the connection has been put back into it. */
  connection(socket: Socket): void;
  /** Lets calls that are under way end, cuts those that have not after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

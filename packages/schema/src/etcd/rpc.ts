import type { Codec } from './codec.ts';
import type { JsonShape } from './json-shape.ts';

/** One kind of message, on both wires. */
export interface RpcMessage {
  // The message's own type is known to whoever knows the method.
  readonly codec: Codec<object>;
  readonly json: JsonShape;
}

/** One method of the API. */
export interface Rpc {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Either side may send many messages. */
  readonly isStream: boolean;
  readonly request: RpcMessage;
  readonly answer: RpcMessage;
}

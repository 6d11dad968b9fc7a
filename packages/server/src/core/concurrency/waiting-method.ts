import type { CallContext, StreamMethod, UnaryDone } from '../method.ts';
import { type RpcError, StatusCode } from '../rpc-error.ts';

/**
 * A method with one request and one answer that may be long in coming.
 *
 * @returns to be called when the client has gone; `done` may be called after it, to no effect
 */
export type WaitingMethod = (request: Uint8Array, done: UnaryDone, call: CallContext) => () => void;

const noRequest: RpcError = { code: StatusCode.internal, message: 'no request message' };
const secondRequest: RpcError = {
  code: StatusCode.internal,
  message: 'more than one request message',
};

/** @returns the method as a stream, which unlike a unary one hears that its client has gone */
export function asStream(method: WaitingMethod): StreamMethod {
  return (call) => {
    let request: Uint8Array | null = null;
    let leave = (): void => undefined;
    let isOver = false;
    const done: UnaryDone = (error, answer) => {
      if (isOver) return;
      isOver = true;
      if (answer !== null) call.send(answer);
      call.end(error);
    };
    return {
      message: (bytes) => {
        // Transports use their buffers again.
        if (request === null) request = new Uint8Array(bytes);
        else {
          leave();
          done(secondRequest, null);
        }
      },
      halfClosed: () => {
        if (request === null) done(noRequest, null);
        else leave = method(request, done, call.context);
      },
      drained: () => undefined,
      closed: () => {
        isOver = true;
        leave();
      },
    };
  };
}

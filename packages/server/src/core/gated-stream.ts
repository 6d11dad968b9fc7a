import type { StreamListener } from './method.ts';
import { type RpcError, rpcErrors } from './rpc-error.ts';
import type { StartGate } from './start-gate.ts';

/** Of a client that has not been answered yet. */
const mostBytes = 2 * 1024 * 1024;

/**
 * Begins a stream once the gate is open, and hands on what its client has said by then.
 *
 * @param refuse ends the call, which was not begun
 */
export function gatedStream(
  gate: StartGate,
  begin: () => StreamListener,
  refuse: (refusal: RpcError) => void,
): StreamListener {
  let listener: StreamListener | null = null;
  let isOver = false;
  let isHalfClosed = false;
  let bytes = 0;
  const waiting: Uint8Array[] = [];
  gate.whenOpen((refusal) => {
    if (isOver) return;
    if (refusal !== null) {
      isOver = true;
      refuse(refusal);
      return;
    }
    listener = begin();
    for (const request of waiting.splice(0)) listener.message(request);
    if (isHalfClosed) listener.halfClosed();
  });
  return {
    message(request) {
      if (listener !== null) listener.message(request);
      else if (!isOver) {
        bytes += request.length;
        // Transports use their buffers again.
        waiting.push(new Uint8Array(request));
        if (bytes <= mostBytes) return;
        isOver = true;
        waiting.length = 0;
        refuse(rpcErrors.tooManyRequests);
      }
    },
    halfClosed() {
      isHalfClosed = true;
      listener?.halfClosed();
    },
    drained: () => listener?.drained(),
    closed() {
      isOver = true;
      waiting.length = 0;
      listener?.closed();
    },
  };
}

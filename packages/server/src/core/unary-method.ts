import type { RpcError } from './rpc-error.ts';

/** Called once; exactly one of the two is null. */
export type UnaryDone = (error: RpcError | null, answer: Uint8Array | null) => void;

/** `request` and the answer are messages of the method, without gRPC's framing. */
export type UnaryMethod = (request: Uint8Array, done: UnaryDone) => void;

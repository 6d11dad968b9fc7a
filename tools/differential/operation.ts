import type { Rpc } from '@quorate/schema';

export type Wire = 'grpc' | 'gateway';

/** What is known of one of the two servers and is its own: ids that it chose, tokens it gave. */
export interface Memory {
  memberId: bigint;
  /** Of the last lease whose id the server chose. */
  lease: bigint;
  /** By the user's name. */
  readonly tokens: Map<string, string>;
}

/** A call of gRPC with one request and one answer. */
export interface GrpcStep {
  readonly kind: 'grpc';
  readonly rpc: Rpc;
  readonly request: Uint8Array | ((memory: Memory) => Uint8Array);
  /** Whose token goes with it; `''`: none, `?`: one that nobody was given. */
  readonly as: string;
  /** Whose token the answer has. */
  readonly login?: string;
}

/** A request in HTTP/1.1 whose answer ends by itself. */
export interface HttpStep {
  readonly kind: 'http';
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array | string | ((memory: Memory) => string);
  readonly as: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly login?: string;
}

/** A stream of keep-alives, closed by the client after the last. */
export interface KeepAliveStep {
  readonly kind: 'keepAlive';
  readonly requests: readonly Uint8Array[];
  readonly as: string;
}

/** Opens a watch stream under a number of the client's, and sends it the messages. */
export interface WatchOpenStep {
  readonly kind: 'watchOpen';
  readonly stream: number;
  readonly as: string;
  readonly requests: readonly Uint8Array[];
}

/** Sends a stream a message and waits for so many answers that a watch was made. */
export interface WatchSendStep {
  readonly kind: 'watchSend';
  readonly stream: number;
  readonly request: Uint8Array;
  readonly answers: number;
}

/** Asks a stream how far it is, when both servers have told it all. */
export interface WatchProgressStep {
  readonly kind: 'watchProgress';
  readonly stream: number;
}

export interface WatchCloseStep {
  readonly kind: 'watchClose';
  readonly stream: number;
}

/** Compares what all streams have heard until now. */
export interface SettleStep {
  readonly kind: 'settle';
}

/** A watch over the gateway, from a revision to the put that this step makes itself. */
export interface GatewayWatchStep {
  readonly kind: 'gatewayWatch';
  readonly body: string;
  readonly as: string;
}

export type Step =
  | GrpcStep
  | HttpStep
  | KeepAliveStep
  | WatchOpenStep
  | WatchSendStep
  | WatchProgressStep
  | WatchCloseStep
  | SettleStep
  | GatewayWatchStep;

/** What one server said, with nothing left in it that is by nature different. */
export interface Outcome {
  /** `0`, or the code of the error; of HTTP the status. */
  readonly status: number;
  /** Of the error. */
  readonly message: string;
  readonly body: unknown;
}

/** What both servers are known to be like, by what the first answered. */
export interface State {
  /** The revision of the store. */
  head: number;
  compacted: number;
  isAuthOn: boolean;
  /** Of the streams that are open. */
  readonly streams: Set<number>;
  nextStream: number;
  /** Compared operations since auth was turned on. */
  authAge: number;
}

export function createState(): State {
  return {
    head: 1,
    compacted: 0,
    isAuthOn: false,
    streams: new Set(),
    nextStream: 1,
    authAge: 0,
  };
}

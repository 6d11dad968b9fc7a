import { Client, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js';
import { decodeMessage, encodeMessage, type etcd, type Init } from '@quorate/schema';
import type { Method } from './methods.ts';

/** How a call ended, as far as its client can know. */
export type Outcome<Answer> =
  | { readonly kind: 'ok'; readonly answer: Answer }
  /** It has not happened and never will. */
  | { readonly kind: 'fail'; readonly error: string }
  /** It may have happened, may happen yet, or never. */
  | { readonly kind: 'info'; readonly error: string };

/** One bidirectional stream. */
export interface Stream {
  send(message: Uint8Array): void;
  /** No messages come until `resume`; those that wait are the server's and the network's. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

export interface StreamListener {
  message(bytes: Uint8Array): void;
  /** Once; nothing comes behind it. */
  ended(error: string): void;
}

/** One attempt at one call, at one member. Another one may stand in front of it. */
export interface Connection {
  call<Request, Answer extends { readonly header: etcd.ResponseHeader | null }>(
    method: Method<Request, Answer>,
    request: Init<Request>,
    timeoutMs?: number,
  ): Promise<Outcome<Answer>>;
  stream(path: string, listener: StreamListener): Stream;
  close(): void;
}

const callTimeoutMs = 3000;

/** A server that took nothing in says so with these words, although the code leaves it open. */
const notTaken = /^etcdserver: (no leader|too many requests|rpc not supported for learner)$/;
/** grpc-js, when it had no connection to send the call on. */
const notSent = /^No connection established/;

const openCodes: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

const options = {
  'grpc.enable_http_proxy': 0,
  // What may be sent twice is nobody's business but the history's.
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3000,
  'grpc.max_receive_message_length': 2 ** 31 - 1,
};

const asIs = (message: Buffer): Buffer => message;
const asBuffer = (message: Uint8Array): Buffer =>
  Buffer.from(message.buffer, message.byteOffset, message.byteLength);

/** @param endpoint `host:port` */
export function connectTo(endpoint: string): Connection {
  const client = new Client(endpoint, credentials.createInsecure(), options);
  return {
    call: (method, request, timeoutMs = callTimeoutMs) =>
      new Promise((resolve) => {
        client.makeUnaryRequest<Buffer, Buffer>(
          method.path,
          asIs,
          asIs,
          asBuffer(encodeMessage(method.request, request)),
          { deadline: Date.now() + timeoutMs },
          (error, bytes) => {
            if (error !== null) resolve(outcomeOf(error.code, error.details));
            else {
              const answer = bytes === undefined ? null : decodeMessage(method.answer, bytes);
              if (answer !== null) resolve({ kind: 'ok', answer });
              else resolve({ kind: 'info', error: 'an answer that cannot be read' });
            }
          },
        );
      }),
    stream: (path, listener) => {
      const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, asIs, asIs, leaderRequired());
      return streamOf(call, listener);
    },
    close: () => client.close(),
  };
}

function leaderRequired(): Metadata {
  const metadata = new Metadata();
  metadata.set('hasleader', 'true');
  return metadata;
}

function outcomeOf(code: number, details: string): Outcome<never> {
  const error = `${status[code] ?? code}: ${details}`;
  if (notTaken.test(details) || notSent.test(details)) return { kind: 'fail', error };
  return { kind: openCodes.has(code) ? 'info' : 'fail', error };
}

function streamOf(call: ClientDuplexStream<Buffer, Buffer>, listener: StreamListener): Stream {
  let hasEnded = false;
  call.on('data', (message: Buffer) => {
    if (!hasEnded) listener.message(message);
  });
  // `status` says the same, and always follows.
  call.on('error', () => undefined);
  call.on('status', ({ code, details }) => {
    if (hasEnded) return;
    hasEnded = true;
    listener.ended(`${status[code] ?? code}: ${details}`);
  });
  return {
    send: (message) => {
      if (call.writable) call.write(asBuffer(message));
    },
    pause: () => call.pause(),
    resume: () => call.resume(),
    cancel: () => {
      hasEnded = true;
      call.cancel();
    },
  };
}

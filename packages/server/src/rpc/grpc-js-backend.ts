import type { Socket } from 'node:net';
import {
  type ConnectionInjector,
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import type { CallContext, StreamMethod } from '../core/method.ts';
import type { RpcBackend, UnaryHandler } from './rpc-backend.ts';

/** What clients of etcd are used to; they tune their keep-alive by it. */
const options = {
  'grpc.max_receive_message_length': 2 * 1024 * 1024,
  'grpc.max_send_message_length': 2 ** 31 - 1,
  'grpc.keepalive_time_ms': 2 * 60 * 60 * 1000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_concurrent_streams': 10_000,
  // Bookkeeping for a debugging service that is not offered.
  'grpc.enable_channelz': 0,
};

const tooLarge = /^Received message larger than max \((\d+) vs (\d+)\)$/;

/** Clients know the text that servers written in Go give; this library has its own. */
const rewordTooLarge: ServerInterceptor = (_method, call) => {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (partial) => {
    const match = partial.code === status.RESOURCE_EXHAUSTED && tooLarge.exec(partial.details);
    if (!match) send(partial);
    else {
      const details = `grpc: received message larger than max (${match[1]} vs. ${match[2]})`;
      send({ ...partial, details });
    }
  };
  return new ServerInterceptingCall(call);
};

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Messages pass as they are: the service does its own coding. */
const asIs = (bytes: Buffer): Buffer => bytes;

function contextOf(metadata: Metadata): CallContext {
  const said = (name: string): string => String(metadata.get(name)[0] ?? '');
  const token = said('token') || said('authorization');
  const requireLeader = said('hasleader') === 'true';
  return { requireLeader, token: token.replace(/^Bearer /, ''), commonName: '' };
}

/** gRPC by the @grpc/grpc-js library. */
export class GrpcJsBackend implements RpcBackend {
  readonly #server = new Server({ ...options, interceptors: [rewordTooLarge] });
  readonly #injector: ConnectionInjector;

  constructor() {
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  unary(path: string, handler: UnaryHandler): void {
    const handle: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
      handler(call.request, contextOf(call.metadata), (error, answer) => {
        if (error !== null) callback({ code: error.code, details: error.message });
        else callback(null, asBuffer(answer as Uint8Array));
      });
    };
    this.#server.register(path, handle, asIs, asIs, 'unary');
  }

  stream(path: string, method: StreamMethod): void {
    const handle: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
      let isOver = false;
      const listener = method({
        context: contextOf(call.metadata),
        send: (message) => call.write(asBuffer(message)),
        end: (error) => {
          isOver = true;
          if (error === null) call.end();
          else call.emit('error', { code: error.code, details: error.message });
        },
      });
      const unlessOver = (told: () => void) => (): void => {
        if (!isOver) told();
      };
      call.on('data', (request: Buffer) => {
        if (!isOver) listener.message(request);
      });
      call.on('end', unlessOver(listener.halfClosed));
      call.on('drain', unlessOver(listener.drained));
      call.on('cancelled', unlessOver(listener.closed));
    };
    this.#server.register(path, handle, asIs, asIs, 'bidi');
  }

  unimplemented(path: string): void {
    const [service, method] = path.slice(1).split('/');
    const details = `unknown method ${method} for service ${service}`;
    // As a stream in both directions, so that the answer waits for nothing from the client.
    const handle = (call: NodeJS.EventEmitter): void => {
      call.emit('error', { code: status.UNIMPLEMENTED, details });
    };
    this.#server.register(path, handle, asIs, asIs, 'bidi');
  }

  connection(socket: Socket): void {
    this.#injector.injectConnection(socket);
  }

  async close(graceMs: number): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const timer = setTimeout(() => this.#server.forceShutdown(), graceMs);
    await ended;
    clearTimeout(timer);
  }
}

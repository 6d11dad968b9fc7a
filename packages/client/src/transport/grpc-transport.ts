import { Client, connectivityState, credentials, Metadata, status } from '@grpc/grpc-js';
import type {
  CallMetadata,
  CallOutcome,
  ClientStream,
  ClientTransport,
  StreamListener,
  TransportConnection,
  TransportEndpoint,
} from './transport.ts';

const options = {
  'grpc.max_receive_message_length': 2 ** 31 - 1,
  'grpc.max_send_message_length': -1,
  // A proxy meant for the web is no way to a cluster.
  'grpc.enable_http_proxy': 0,
  // Whether a call may be sent twice is decided above, call by call.
  'grpc.enable_retries': 0,
  // Else a failed attempt anywhere in the process delays the next one here.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
  // A connection that leads nowhere any more is noticed; servers refuse more than one in 5 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
};

const noMetadata = new Metadata();
const asIs = (bytes: Buffer): Buffer => bytes;

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function metadataOf({ token, requireLeader }: CallMetadata): Metadata {
  if (token === '' && !requireLeader) return noMetadata;
  const metadata = new Metadata();
  if (token !== '') metadata.set('token', token);
  if (requireLeader) metadata.set('hasleader', 'true');
  return metadata;
}

class GrpcConnection implements TransportConnection {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  call(
    path: string,
    request: Uint8Array,
    metadata: CallMetadata,
    timeoutMs: number,
  ): Promise<CallOutcome> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest<Buffer, Buffer>(
        path,
        asIs,
        asIs,
        asBuffer(request),
        metadataOf(metadata),
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          if (error !== null) resolve({ code: error.code, reason: error.details });
          else if (answer !== undefined) resolve({ code: 0, answer });
          else resolve({ code: status.INTERNAL, reason: 'no answer' });
        },
      );
    });
  }

  stream(path: string, metadata: CallMetadata, listener: StreamListener): ClientStream {
    const call = this.#client.makeBidiStreamRequest<Buffer, Buffer>(
      path,
      asIs,
      asIs,
      metadataOf(metadata),
    );
    call.on('data', (bytes: Buffer) => listener.message(bytes));
    // Says the same as `status`, which always follows.
    call.on('error', () => undefined);
    call.on('status', ({ code, details }) => listener.ended(code, details));
    return {
      send: (message) => {
        if (call.writable) call.write(asBuffer(message));
      },
      cancel: () => call.cancel(),
    };
  }
}

class GrpcEndpoint implements TransportEndpoint {
  readonly address: string;
  #client: Client | null = null;
  #isClosed = false;

  constructor(address: string) {
    this.address = address;
  }

  async connect(timeoutMs: number): Promise<TransportConnection | null> {
    const deadlineMs = Date.now() + timeoutMs;
    if (this.#isClosed) return null;
    this.#client ??= new Client(this.address, credentials.createInsecure(), options);
    const client = this.#client;
    const channel = client.getChannel();
    while (!this.#isClosed) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return new GrpcConnection(client);
      if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) {
        this.#discard(client);
        return null;
      }
      const changed = await new Promise<boolean>((resolve) => {
        channel.watchConnectivityState(state, deadlineMs, (error) => resolve(!error));
      });
      if (!changed) return null;
    }
    return null;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#client !== null) this.#discard(this.#client);
  }

  /** A channel that has failed waits before it tries again; a new one tries at once. */
  #discard(client: Client): void {
    if (this.#client === client) this.#client = null;
    client.close();
  }
}

/** Plain gRPC, one channel an endpoint. */
export const grpcTransport: ClientTransport = {
  endpoint: (address) => new GrpcEndpoint(address),
};

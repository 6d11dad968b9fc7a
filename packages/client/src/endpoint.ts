import { Client, connectivityState, credentials, Metadata, status } from '@grpc/grpc-js';

/** How a call ended; `code` 0 with the answer, anything else with the server's or gRPC's words. */
export type CallOutcome =
  | { readonly code: 0; readonly answer: Uint8Array }
  | { readonly code: number; readonly reason: string };

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
};

const noMetadata = new Metadata();
const asIs = (bytes: Buffer): Buffer => bytes;

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A channel that was connected a moment ago. */
export class Connection {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Sent once, or not at all when the connection has been lost meanwhile; never twice. */
  call(path: string, request: Uint8Array, deadlineMs: number): Promise<CallOutcome> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest<Buffer, Buffer>(
        path,
        asIs,
        asIs,
        asBuffer(request),
        noMetadata,
        { deadline: deadlineMs },
        (error, answer) => {
          if (error !== null) resolve({ code: error.code, reason: error.details });
          else if (answer !== undefined) resolve({ code: 0, answer });
          else resolve({ code: status.INTERNAL, reason: 'no answer' });
        },
      );
    });
  }
}

/** One server: connected to when that is first needed, and again when the connection was lost. */
export class Endpoint {
  readonly address: string;
  #client: Client | null = null;
  #isClosed = false;

  constructor(address: string) {
    this.address = address;
  }

  /** @returns null when there is no connection by `deadlineMs` (Unix time), or it was refused */
  async connect(deadlineMs: number): Promise<Connection | null> {
    this.#client ??= new Client(this.address, credentials.createInsecure(), options);
    const client = this.#client;
    const channel = client.getChannel();
    while (!this.#isClosed) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return new Connection(client);
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

import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  connectivityState,
  credentials,
  Metadata,
  status,
} from '@grpc/grpc-js';
import { noAnswerInTime } from '../client-error.ts';
import { describeCertificate } from './client-certificate.ts';
import { type ClientTls, secureForm } from './client-tls.ts';
import { connectionFailure, type OwnSide } from './connection-failure.ts';
import { securePrefix } from './endpoint-address.ts';
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

function metadataOf({ token, requireLeader, traceparent }: CallMetadata): Metadata {
  if (token === '' && !requireLeader && traceparent === undefined) return noMetadata;
  const metadata = new Metadata();
  if (token !== '') metadata.set('token', token);
  if (requireLeader) metadata.set('hasleader', 'true');
  if (traceparent !== undefined) metadata.set('traceparent', traceparent);
  return metadata;
}

/** Without what gRPC tells of its own insides when a deadline passes. */
function plainReason({ code, details }: { code: status; details: string }): string {
  const isOwn = code === status.DEADLINE_EXCEEDED && details.startsWith('Deadline exceeded after');
  return isOwn ? noAnswerInTime : details;
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
          if (error !== null) resolve({ code: error.code, reason: plainReason(error) });
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
    call.on('status', (ended) => listener.ended(ended.code, plainReason(ended)));
    return {
      send: (message) => {
        if (call.writable) call.write(asBuffer(message));
      },
      cancel: () => call.cancel(),
    };
  }
}

/** Never there: all that is wanted of this call is why it fails. */
const failingPath = '/quorate.Connection/Why';
const whyTimeoutMs = 100;

/** How a channel is opened. */
interface ChannelForm {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ClientOptions;
  /** As it is now: certificates expire. */
  readonly ownSide: () => OwnSide;
}

class GrpcEndpoint implements TransportEndpoint {
  readonly address: string;
  readonly #form: ChannelForm;
  #client: Client | null = null;
  #isClosed = false;
  #failure: string | null = null;

  constructor(address: string, form: ChannelForm) {
    this.address = address;
    this.#form = form;
  }

  get failure(): string | null {
    return this.#failure;
  }

  async connect(timeoutMs: number): Promise<TransportConnection | null> {
    const deadlineMs = Date.now() + timeoutMs;
    if (this.#isClosed) return null;
    const { target, credentials: how, options: channelOptions } = this.#form;
    this.#client ??= new Client(target, how, channelOptions);
    const client = this.#client;
    const channel = client.getChannel();
    while (!this.#isClosed) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) {
        this.#failure = null;
        return new GrpcConnection(client);
      }
      if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) {
        if (state !== connectivityState.SHUTDOWN) {
          this.#failure = await whyNot(client, this.#form.ownSide());
        }
        this.#discard(client);
        return null;
      }
      const changed = await new Promise<boolean>((resolve) => {
        channel.watchConnectivityState(state, deadlineMs, (error) => resolve(!error));
      });
      if (!changed) {
        this.#failure = 'it took longer than the time allowed';
        return null;
      }
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

/** @returns why there is no connection, which gRPC tells only who calls */
async function whyNot(client: Client, ownSide: OwnSide): Promise<string | null> {
  const metadata = { token: '', requireLeader: false };
  const outcome = await new GrpcConnection(client).call(
    failingPath,
    new Uint8Array(),
    metadata,
    whyTimeoutMs,
  );
  if (!('reason' in outcome) || outcome.code !== status.UNAVAILABLE) return null;
  const [, last] = /Last error: (.*?)(?:\. Resolution note:.*)?$/s.exec(outcome.reason) ?? [];
  return last === undefined ? null : connectionFailure(last, ownSide);
}

/**
 * gRPC, one channel an endpoint; by TLS where the address says so.
 *
 * @throws ClientError CLIENT_TLS_INVALID
 */
export function grpcTransport(tls: ClientTls): ClientTransport {
  // Once, so that what cannot be used is told of at once. Where nothing is given nothing can be
  // wrong, and to read the authorities that Node.js comes with takes 5 ms a client.
  if (Object.keys(tls).length > 0) secureForm(tls, '');
  return { endpoint: (address) => new GrpcEndpoint(address, channelForm(address, tls)) };
}

function channelForm(address: string, tls: ClientTls): ChannelForm {
  if (!address.startsWith(securePrefix)) {
    const ownSide = (): OwnSide => ({ isSecure: false, certificate: null });
    return { target: address, credentials: credentials.createInsecure(), options, ownSide };
  }
  const target = address.slice(securePrefix.length);
  const host = target.slice(0, target.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  const secure = secureForm(tls, host);
  const { cert } = tls;
  const ownSide = (): OwnSide => ({
    isSecure: true,
    certificate: cert === undefined ? null : describeCertificate(cert, Date.now()),
  });
  const all = { ...options, ...secure.options };
  return { target, credentials: secure.credentials, options: all, ownSide };
}

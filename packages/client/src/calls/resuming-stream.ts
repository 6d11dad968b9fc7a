import type { Timer } from '@quorate/base';
import { ClientError, refused } from '../client-error.ts';
import type { ClientPorts } from '../client-ports.ts';
import type { ClientStream, TransportEndpoint } from '../transport/transport.ts';
import { backoffMs } from './backoff.ts';
import type { Endpoints } from './endpoints.ts';
import type { Tokens } from './tokens.ts';
import { verdictOfStream } from './verdict.ts';

/** How long a server may take to be connected to. */
const connectTimeoutMs = 5000;

/** Who uses a stream. What it is told is always of the present stream, never of an earlier one. */
export interface StreamOwner {
  /** A new stream, on which nothing has been said yet. */
  opened(): void;
  message(bytes: Uint8Array): void;
  /** The stream is gone, with all that was not answered; another one is on its way. */
  lost(): void;
  /** There will be no other one until `open` is called: servers refuse. */
  failed(error: ClientError): void;
}

/** What a resuming stream needs of its client. */
export interface StreamContext {
  readonly endpoints: Endpoints;
  readonly ports: ClientPorts;
  readonly tokens: Tokens;
}

/** One stream for as long as it is wanted: when it breaks, another one, to the next server. */
export class ResumingStream {
  readonly #path: string;
  readonly #context: StreamContext;
  readonly #owner: StreamOwner;
  /** Of the attempt at hand; what belongs to an earlier one is not listened to. */
  #attempt = 0;
  #isWanted = false;
  #stream: ClientStream | null = null;
  #timer: Timer | null = null;
  /** In a row; `accepted` ends the row. */
  #failures = 0;
  #tokenFailures = 0;
  #token = '';
  #endpoint: TransportEndpoint;

  constructor(path: string, context: StreamContext, owner: StreamOwner) {
    this.#path = path;
    this.#context = context;
    this.#owner = owner;
    this.#endpoint = context.endpoints.preferred;
  }

  /** Where the stream goes, or is to go. */
  get address(): string {
    return this.#endpoint.address;
  }

  get isOpen(): boolean {
    return this.#stream !== null;
  }

  /** Idempotent. */
  open(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#failures = 0;
    this.#tokenFailures = 0;
    void this.#start(this.#context.endpoints.preferred);
  }

  send(message: Uint8Array): void {
    this.#stream?.send(message);
  }

  /** The server does what it is asked on the present stream. */
  accepted(): void {
    this.#failures = 0;
    this.#tokenFailures = 0;
  }

  /** Gives the present stream up, and opens one to the next server. */
  restart(): void {
    if (this.#isWanted) this.#tryNext();
  }

  close(): void {
    this.#isWanted = false;
    this.#drop();
  }

  #drop(): void {
    this.#attempt += 1;
    this.#timer?.cancel();
    this.#timer = null;
    const stream = this.#stream;
    this.#stream = null;
    stream?.cancel();
  }

  async #start(endpoint: TransportEndpoint): Promise<void> {
    const attempt = ++this.#attempt;
    const { tokens } = this.#context;
    this.#endpoint = endpoint;
    let token: string;
    try {
      token = await tokens.token();
    } catch (error) {
      if (attempt !== this.#attempt) return;
      const isRefused = error instanceof ClientError && error.code === 'CLIENT_REFUSED';
      if (isRefused) this.#fail(error);
      else this.#tryNext();
      return;
    }
    if (attempt !== this.#attempt) return;
    const connection = await endpoint.connect(connectTimeoutMs);
    if (attempt !== this.#attempt) return;
    if (connection === null) {
      this.#tryNext();
      return;
    }
    this.#context.endpoints.wasReached = true;
    this.#token = token;
    this.#stream = connection.stream(
      this.#path,
      { token, requireLeader: true },
      {
        message: (bytes) => {
          if (attempt === this.#attempt) this.#owner.message(bytes);
        },
        ended: (code, reason) => {
          if (attempt === this.#attempt) this.#ended(code, reason);
        },
      },
    );
    this.#owner.opened();
  }

  #ended(code: number, reason: string): void {
    const verdict = verdictOfStream(code, reason);
    if (verdict === 'refused') this.#fail(refused(this.address, code, reason));
    else if (verdict === 'token') this.tokenRefused(code, reason);
    else this.#tryNext();
  }

  /** Servers say this also inside of a stream: its token is not good any more. */
  tokenRefused(code: number, reason: string): void {
    const { tokens } = this.#context;
    this.#tokenFailures += 1;
    if (!tokens.canRenew || this.#tokenFailures > 2) {
      this.#fail(refused(this.address, code, reason));
      return;
    }
    void tokens.refuse(this.#token);
    this.#tryNext();
  }

  #fail(error: ClientError): void {
    this.close();
    this.#owner.failed(error);
  }

  /** Every server is tried at once, one after another; after a round there is a pause. */
  #tryNext(): void {
    const { endpoints, ports } = this.#context;
    const wasOpen = this.#stream !== null;
    this.#drop();
    this.#failures += 1;
    const { all } = endpoints;
    const next = all[(all.indexOf(this.#endpoint) + 1) % all.length] ?? this.#endpoint;
    const isRoundOver = this.#failures % all.length === 0;
    const round = Math.ceil(this.#failures / all.length);
    const delayMs = isRoundOver ? backoffMs(round, ports.random) : 0;
    this.#timer = ports.timers.after(delayMs, () => void this.#start(next));
    if (wasOpen) this.#owner.lost();
  }
}

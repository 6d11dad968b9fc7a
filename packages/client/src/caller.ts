import { status } from '@grpc/grpc-js';
import { assert, present } from '@quorate/base';
import { type Codec, decodeMessage, encodeMessage, type Init } from '@quorate/schema';
import { ClientError } from './client-error.ts';
import { type Connection, Endpoint } from './endpoint.ts';

/** A method of the API: where it is, and what goes in and out. */
export interface Method<Request, Answer> {
  readonly path: string;
  readonly request: Codec<Request>;
  readonly answer: Codec<Answer>;
}

/** How a server that took nothing in says so, although its code leaves that open. */
const notTaken: ReadonlySet<string> = new Set(['etcdserver: no leader']);

/** After these a write may have happened all the same. */
const openCodes: ReadonlySet<number> = new Set<number>([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

/** Another server may well answer what this one could not. */
const movesOn: ReadonlySet<number> = new Set<number>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
]);

function refused(endpoint: string, grpcCode: number, reason: string): ClientError {
  const message = `${endpoint} refused: ${reason}`;
  return new ClientError('CLIENT_REFUSED', message, { endpoint, grpcCode, reason });
}

function unreachable(tried: readonly Endpoint[]): ClientError {
  const endpoints = tried.map(({ address }) => address);
  const message =
    `no server could be reached at ${endpoints.join(', ')}: ` +
    'check that the cluster runs and that the endpoints are its client addresses';
  return new ClientError('CLIENT_UNREACHABLE', message, { endpoints });
}

function outcomeUnknown(endpoint: string, reason: string): ClientError {
  const message =
    `whether the write happened is not known: ${endpoint} said "${reason}"; ` +
    'read before writing again';
  return new ClientError('CLIENT_OUTCOME_UNKNOWN', message, { endpoint, reason });
}

function decode<T>(endpoint: string, path: string, codec: Codec<T>, bytes: Uint8Array): T {
  const answer = decodeMessage(codec, bytes);
  if (answer !== null) return answer;
  const message = `${endpoint} answered ${path} with bytes that are none of its messages`;
  throw new ClientError('CLIENT_ANSWER_MALFORMED', message, { endpoint, method: path });
}

/** Finds a server for each call, beginning with the one that answered last. */
export class Caller {
  readonly #endpoints: readonly Endpoint[];
  readonly #others = new Map<string, Endpoint>();
  readonly #timeoutMs: number;
  #preferred = 0;
  #isClosed = false;

  constructor(addresses: readonly string[], timeoutMs: number) {
    this.#endpoints = addresses.map((address) => new Endpoint(address));
    this.#timeoutMs = timeoutMs;
  }

  /** @throws ClientError CLIENT_REFUSED, CLIENT_UNREACHABLE, CLIENT_ANSWER_MALFORMED */
  async read<Q, A>(method: Method<Q, A>, request: Init<Q>): Promise<A> {
    return this.#readFrom(this.#endpoints, method, request);
  }

  /** As `read`, from this one server alone, which need not be among the client's endpoints. */
  async readFrom<Q, A>(address: string, method: Method<Q, A>, request: Init<Q>): Promise<A> {
    const known = this.#endpoints.find((one) => one.address === address);
    const endpoint = known ?? this.#others.get(address) ?? new Endpoint(address);
    if (known === undefined) this.#others.set(address, endpoint);
    return this.#readFrom([endpoint], method, request);
  }

  /**
   * Sends at most once: moves on only while no connection can be made.
   *
   * @throws ClientError CLIENT_OUTCOME_UNKNOWN and those of `read`
   */
  async write<Q, A>(method: Method<Q, A>, request: Init<Q>): Promise<A> {
    const bytes = encodeMessage(method.request, request);
    const overallMs = Date.now() + this.#timeoutMs;
    const written = await this.#inTurn(this.#endpoints, overallMs, async (address, connection) => {
      const outcome = await connection.call(method.path, bytes, overallMs);
      if ('answer' in outcome) return decode(address, method.path, method.answer, outcome.answer);
      const isOpen = openCodes.has(outcome.code) && !notTaken.has(outcome.reason);
      if (isOpen) throw outcomeUnknown(address, outcome.reason);
      throw refused(address, outcome.code, outcome.reason);
    });
    if (written === null) throw unreachable(this.#endpoints);
    return written;
  }

  close(): void {
    this.#isClosed = true;
    for (const endpoint of [...this.#endpoints, ...this.#others.values()]) endpoint.close();
  }

  async #readFrom<Q, A>(
    endpoints: readonly Endpoint[],
    method: Method<Q, A>,
    request: Init<Q>,
  ): Promise<A> {
    const bytes = encodeMessage(method.request, request);
    const overallMs = Date.now() + this.#timeoutMs;
    let refusal: ClientError | null = null;
    const answer = await this.#inTurn(
      endpoints,
      overallMs,
      async (address, connection, shareMs) => {
        const outcome = await connection.call(method.path, bytes, shareMs);
        if ('answer' in outcome) return decode(address, method.path, method.answer, outcome.answer);
        refusal = refused(address, outcome.code, outcome.reason);
        if (!movesOn.has(outcome.code)) throw refusal;
        return null;
      },
    );
    if (answer === null) throw refusal ?? unreachable(endpoints);
    return answer;
  }

  /** Each endpoint in reach gets its share of the time left, until one gives a result. */
  async #inTurn<T>(
    endpoints: readonly Endpoint[],
    overallMs: number,
    attempt: (address: string, connection: Connection, shareMs: number) => Promise<T | null>,
  ): Promise<T | null> {
    assert(!this.#isClosed, 'a client is not used after it was closed');
    const first = endpoints === this.#endpoints ? this.#preferred : 0;
    for (let turn = 0; turn < endpoints.length; turn++) {
      const index = (first + turn) % endpoints.length;
      const endpoint = present(endpoints[index], 'the index is taken modulo the length');
      const now = Date.now();
      const shareMs = now + (overallMs - now) / (endpoints.length - turn);
      const connection = await endpoint.connect(shareMs);
      if (connection === null) continue;
      const result = await attempt(endpoint.address, connection, shareMs);
      if (result === null) continue;
      if (endpoints === this.#endpoints) this.#preferred = index;
      return result;
    }
    return null;
  }
}

import { decodeMessage, encodeMessage, type Init } from '@quorate/schema';
import { ClientError, clientClosed, noAnswerInTime, refused } from '../client-error.ts';
import type { ClientPorts } from '../client-ports.ts';
import type {
  CallMetadata,
  TransportConnection,
  TransportEndpoint,
} from '../transport/transport.ts';
import { unreachable } from '../transport/tried-endpoints.ts';
import { backoffMs } from './backoff.ts';
import { beginTrace, type CallTrace, type ClientTracer } from './call-trace.ts';
import type { Endpoints } from './endpoints.ts';
import { type Headed, type Method, methods } from './methods.ts';
import { Tokens } from './tokens.ts';
import { verdictOfCall } from './verdict.ts';

/** After so many rounds in which nobody could be reached, nobody is there, if nobody ever was. */
const mostSilentRounds = 6;

/** With less time left than this another round would come to nothing. */
const leastRoundMs = 100;

/** Who the client is, where the cluster asks for users. */
export interface ClientCredentials {
  readonly user: string;
  readonly password: string;
}

/** What a caller needs. */
export interface CallerOptions {
  readonly endpoints: Endpoints;
  readonly ports: ClientPorts;
  /** For one call, everything included. */
  readonly timeoutMs: number;
  /** Whoever waits has not said how long: a cluster that never was there is told of early. */
  readonly givesUpEarly: boolean;
  readonly credentials: ClientCredentials | null;
  readonly tracer?: ClientTracer;
}

interface Call<Answer extends Headed> {
  readonly method: Pick<Method<unknown, Answer>, 'path' | 'answer'>;
  readonly bytes: Uint8Array;
  /** Doing it twice is as good as doing it once. */
  readonly mayRepeat: boolean;
  readonly requireLeader: boolean;
  readonly isWithToken: boolean;
  /** The one server to ask, once; null for any, again and again. */
  readonly only: TransportEndpoint | null;
  readonly deadlineMs: number;
  isTokenRenewed: boolean;
  refusal: ClientError | null;
  /** The call's span; null: it is not traced. */
  readonly trace: CallTrace | null;
}

type CallForm = Pick<Call<Headed>, 'mayRepeat' | 'requireLeader' | 'isWithToken' | 'only'>;

const readForm: CallForm = {
  mayRepeat: true,
  requireLeader: false,
  isWithToken: true,
  only: null,
};

function outcomeUnknown(endpoint: string, reason: string): ClientError {
  const said = reason === noAnswerInTime ? 'gave no answer in time' : `said "${reason}"`;
  const open = `whether the write happened is not known: ${endpoint} ${said}`;
  const message = `${open}; read before writing again`;
  return new ClientError('CLIENT_OUTCOME_UNKNOWN', message, { endpoint, reason });
}

function malformed(endpoint: string, method: string): ClientError {
  const message = `${endpoint} answered ${method} with bytes that are none of its messages`;
  return new ClientError('CLIENT_ANSWER_MALFORMED', message, { endpoint, method });
}

/** Finds a server for each call, and another one when that is known to do no harm. */
export class Caller {
  readonly tokens: Tokens;
  /** Told the term that an answer is of. */
  onTerm: (raftTerm: number) => void = () => undefined;
  readonly #options: CallerOptions;
  readonly #waits = new Set<() => void>();
  #isClosed = false;

  constructor(options: CallerOptions) {
    this.#options = options;
    const { credentials } = options;
    this.tokens = new Tokens(credentials === null ? null : () => this.#authenticate(credentials));
  }

  /**
   * Asks until someone answers, or the time is over; with `givesUpEarly` for some rounds only,
   * while nobody has ever been reached.
   *
   * @throws ClientError CLIENT_REFUSED, CLIENT_UNREACHABLE, CLIENT_ANSWER_MALFORMED, CLIENT_CLOSED
   */
  read<Q, A extends Headed>(method: Method<Q, A>, request: Init<Q>): Promise<A> {
    return this.#perform(method, request, readForm);
  }

  /** As `read`, from this one server alone, once; it need not be among the client's. */
  readFrom<Q, A extends Headed>(
    address: string,
    method: Method<Q, A>,
    request: Init<Q>,
  ): Promise<A> {
    return this.#perform(method, request, {
      ...readForm,
      only: this.#options.endpoints.of(address),
    });
  }

  /** A write that does no more when it is done twice: asked again as a read is. */
  repeat<Q, A extends Headed>(
    method: Method<Q, A>,
    request: Init<Q>,
    onSend?: () => void,
  ): Promise<A> {
    return this.#perform(method, request, { ...readForm, requireLeader: true }, onSend);
  }

  /**
   * Sends again only after a server has said that it took nothing in.
   *
   * @throws ClientError CLIENT_OUTCOME_UNKNOWN and those of `read`
   */
  write<Q, A extends Headed>(method: Method<Q, A>, request: Init<Q>): Promise<A> {
    return this.#perform(method, request, { ...readForm, mayRepeat: false, requireLeader: true });
  }

  /** Calls that wait end with CLIENT_CLOSED. The endpoints are left to who made them. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#waits) end();
  }

  async #authenticate({ user: name, password }: ClientCredentials): Promise<string> {
    const form = { ...readForm, requireLeader: true, isWithToken: false };
    try {
      const { token } = await this.#perform(methods.authenticate, { name, password }, form);
      return token;
    } catch (error) {
      // A cluster without users asks for no token.
      if (isRefusal(error, 'etcdserver: authentication is not enabled')) return '';
      throw error;
    }
  }

  async #perform<Q, A extends Headed>(
    method: Method<Q, A>,
    request: Init<Q>,
    form: CallForm,
    onSend: () => void = () => undefined,
  ): Promise<A> {
    const { ports, timeoutMs, tracer } = this.#options;
    const call: Call<A> = {
      ...form,
      method,
      bytes: encodeMessage(method.request, request),
      deadlineMs: ports.clock.monotonicMs() + timeoutMs,
      isTokenRenewed: false,
      refusal: null,
      trace: tracer === undefined ? null : beginTrace(tracer, method.path),
    };
    if (call.trace === null) return this.#performCall(call, onSend);
    return call.trace.around(this.#performCall(call, onSend));
  }

  async #performCall<A extends Headed>(call: Call<A>, onSend: () => void): Promise<A> {
    const { ports, endpoints, givesUpEarly } = this.#options;
    let silentRounds = 0;
    for (let round = 1; ; round++) {
      const tried = call.only === null ? endpoints.inTurn() : [call.only];
      // What was said in an earlier round is not why this one ends.
      call.refusal = null;
      const answer = await this.#askInTurn(call, tried, onSend);
      if (answer !== null) return answer;
      silentRounds = endpoints.wasReached ? 0 : silentRounds + 1;
      const leftMs = call.deadlineMs - ports.clock.monotonicMs();
      const isOver =
        call.only !== null ||
        (givesUpEarly && silentRounds === mostSilentRounds) ||
        leftMs < leastRoundMs;
      if (isOver) throw call.refusal ?? unreachable(tried);
      // A long pause at the end would leave out rounds for which there is time.
      await this.#wait(Math.min(backoffMs(round, ports.random), leftMs / 2));
    }
  }

  /** Each endpoint gets its share of the time left, until one gives a result. */
  async #askInTurn<A extends Headed>(
    call: Call<A>,
    tried: readonly TransportEndpoint[],
    onSend: () => void,
  ): Promise<A | null> {
    const { endpoints, ports } = this.#options;
    const { clock } = ports;
    for (const [turn, endpoint] of tried.entries()) {
      const now = clock.monotonicMs();
      const shareEndMs = now + (call.deadlineMs - now) / (tried.length - turn);
      const connection = await endpoint.connect(Math.max(1, shareEndMs - now));
      this.#assertOpen();
      if (connection === null) continue;
      endpoints.wasReached = true;
      const endMs = call.mayRepeat ? shareEndMs : call.deadlineMs;
      const answer = await this.#ask(call, endpoint, connection, endMs, onSend);
      if (answer === null) continue;
      if (call.only === null) endpoints.prefer(endpoint);
      this.onTerm(answer.header?.raftTerm ?? 0);
      return answer;
    }
    return null;
  }

  /** Null: another server may be asked. */
  async #ask<A extends Headed>(
    call: Call<A>,
    endpoint: TransportEndpoint,
    connection: TransportConnection,
    endMs: number,
    onSend: () => void,
  ): Promise<A | null> {
    const { clock } = this.#options.ports;
    const { method, requireLeader } = call;
    const { address } = endpoint;
    for (;;) {
      const token = call.isWithToken ? await this.tokens.token() : '';
      this.#assertOpen();
      onSend();
      const timeoutMs = Math.max(1, endMs - clock.monotonicMs());
      const metadata = metadataOf(token, requireLeader, call.trace);
      const outcome = await connection.call(method.path, call.bytes, metadata, timeoutMs);
      if ('answer' in outcome) {
        const answer = decodeMessage(method.answer, outcome.answer);
        if (answer !== null) return answer;
        throw malformed(address, method.path);
      }
      const { code, reason } = outcome;
      const verdict = verdictOfCall(code, reason, call.mayRepeat);
      call.refusal = refused(address, code, reason);
      if (verdict === 'open') throw outcomeUnknown(address, reason);
      if (verdict === 'next') return null;
      const mayRenew = call.isWithToken && this.tokens.canRenew && !call.isTokenRenewed;
      if (verdict === 'refused' || !mayRenew) throw call.refusal;
      call.isTokenRenewed = true;
      await this.tokens.refuse(token);
    }
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.ports.timers.after(delayMs, () => {
        this.#waits.delete(end);
        resolve();
      });
      const end = (): void => {
        timer.cancel();
        reject(clientClosed());
      };
      this.#waits.add(end);
    });
  }

  #assertOpen(): void {
    if (this.#isClosed) throw clientClosed();
  }
}

function metadataOf(token: string, requireLeader: boolean, trace: CallTrace | null): CallMetadata {
  const metadata = { token, requireLeader };
  return trace === null ? metadata : { ...metadata, traceparent: trace.traceparent };
}

/** @returns whether a server refused with just this reason */
export function isRefusal(error: unknown, reason: string): boolean {
  if (!(error instanceof ClientError) || error.code !== 'CLIENT_REFUSED') return false;
  return (error as ClientError<'CLIENT_REFUSED'>).metadata.reason === reason;
}

import { assert, type Logger, present, type Timers } from '@quorate/base';
import { encodeMessage, ledger } from '@quorate/schema';
import type {
  CallContext,
  StreamCall,
  StreamListener,
  StreamMethod,
  UnaryDone,
  UnaryMethod,
} from '../method.ts';
import { type RpcError, StatusCode } from '../rpc-error.ts';
import { BatchIntake } from './batch-intake.ts';
import { BatchStream, defaultStreamLimits, type StreamLimits } from './batch-stream.ts';
import type { LedgerGroup } from './ledger-group.ts';
import { LedgerReads, pathOf } from './ledger-reads.ts';
import { refusals, rpcErrorOf } from './ledger-refusal.ts';
import { LedgerWrites } from './ledger-writes.ts';
import { defaultGateLimits, type GateLimits, ProposalGate } from './proposal-gate.ts';
import type { ServedBooks } from './served-books.ts';

/** What the methods of a ledger answer from. */
export interface LedgerServiceOptions {
  /** Of this server, in its answers to `Status`. */
  readonly name: string;
  readonly group: LedgerGroup;
  readonly books: ServedBooks;
  readonly timers: Pick<Timers, 'defer'>;
  readonly logger: Pick<Logger, 'error'>;
  /** What is left out is as usual. */
  readonly gate?: Partial<GateLimits>;
  readonly stream?: Partial<StreamLimits>;
}

const statusPath = pathOf('Status');
const batchesPath = pathOf('Batches');
const codes = 17;

/**
 * The methods of `quorate.ledger.v1.Ledger` over one replicated group: bytes in, bytes out, on any
 * transport. Once `stop` was called every call is refused; calls that are under way still end.
 */
export class LedgerService {
  readonly gate: ProposalGate;
  readonly #options: LedgerServiceOptions;
  readonly #intake: BatchIntake;
  readonly #limits: StreamLimits;
  readonly #unary: ReadonlyMap<string, UnaryMethod>;
  readonly #handled = new Map<string, Uint32Array>();
  /** Each with what ends it. */
  readonly #running = new Map<BatchStream, (error: RpcError) => void>();
  #isStopped = false;

  constructor(options: LedgerServiceOptions) {
    const { group, books, timers, logger } = options;
    this.#options = options;
    this.gate = new ProposalGate(group, { ...defaultGateLimits, ...options.gate });
    this.#intake = new BatchIntake(books);
    this.#limits = { ...defaultStreamLimits, ...options.stream };
    this.#unary = new Map([
      ...new LedgerWrites(this.gate, this.#intake).methods(),
      ...new LedgerReads(group, books, timers, logger).methods(),
      [statusPath, (_request, done) => done(null, this.#status())],
    ]);
    for (const path of [...this.unaryPaths, ...this.streamPaths]) {
      this.#handled.set(path, new Uint32Array(codes));
    }
    let known = group.status();
    group.onLeadership((status) => {
      const isNews = status.term !== known.term || status.leader !== known.leader;
      known = status;
      if (isNews) for (const stream of this.#running.keys()) stream.hello();
    });
  }

  /** Of the methods with one request and one answer. */
  get unaryPaths(): readonly string[] {
    return [...this.#unary.keys()];
  }

  get streamPaths(): readonly string[] {
    return [batchesPath];
  }

  /** Under way. */
  get streams(): number {
    return this.#running.size;
  }

  /** How often each method ended with each status: one count a code. */
  get handled(): ReadonlyMap<string, Uint32Array> {
    return this.#handled;
  }

  /**
   * @param path one of `unaryPaths`
   * @returns the method as a transport calls it
   */
  unary(path: string): (request: Uint8Array, call: CallContext, done: UnaryDone) => void {
    const method = present(this.#unary.get(path), `${path} is a method of this service`);
    return (request, call, done) => {
      const counted: UnaryDone = (error, answer) => {
        this.#count(path, error);
        done(error, answer);
      };
      const refusal = this.#refusal(call);
      if (refusal === null) method(request, counted, call);
      else counted(refusal, null);
    };
  }

  /**
   * @param path one of `streamPaths`
   * @returns the method as a transport calls it
   */
  stream(path: string): StreamMethod {
    assert(path === batchesPath, `${path} is a stream of this service`);
    return (call) => {
      const refusal = this.#refusal(call.context);
      if (refusal === null) return this.#begin(call);
      this.#count(path, refusal);
      call.end(refusal);
      return ignoring;
    };
  }

  stop(): void {
    this.#isStopped = true;
    for (const [stream, end] of [...this.#running]) {
      end(rpcErrorOf(refusals.stopping));
      stream.closed();
    }
  }

  #begin(call: StreamCall): StreamListener {
    let isEnded = false;
    const ended = (error: RpcError | null): void => {
      isEnded = true;
      this.#running.delete(stream);
      this.#count(batchesPath, error);
    };
    const end = (error: RpcError | null): void => {
      if (isEnded) return;
      ended(error);
      call.end(error);
    };
    const { context } = call;
    const counted = { context, end, send: (message: Uint8Array) => isEnded || call.send(message) };
    const { group } = this.#options;
    const parts = { group, gate: this.gate, intake: this.#intake, limits: this.#limits };
    const stream = new BatchStream(parts, counted);
    this.#running.set(stream, end);
    return {
      message: (request) => stream.message(request),
      halfClosed: () => stream.halfClosed(),
      drained: () => stream.drained(),
      closed: () => {
        if (!isEnded) ended(canceled);
        stream.closed();
      },
    };
  }

  #refusal({ requireLeader }: CallContext): RpcError | null {
    if (this.#isStopped) return rpcErrorOf(refusals.stopping);
    const isLeaderless = requireLeader && this.#options.group.status().leader === 0;
    return isLeaderless ? rpcErrorOf(refusals.noLeader) : null;
  }

  #status(): Uint8Array {
    const { name, group, books } = this.#options;
    const { node, leader, term, appliedIndex } = group.status();
    const { accountCount: accounts, transferCount: transfers } = books;
    const ids = { node: BigInt(node), leader: BigInt(leader) };
    return encodeMessage(ledger.StatusAnswer, {
      ...ids,
      name,
      term,
      appliedIndex,
      accounts,
      transfers,
    });
  }

  #count(path: string, error: RpcError | null): void {
    const counts = present(this.#handled.get(path), 'every method is counted');
    const code = error === null ? StatusCode.ok : error.code;
    counts[code] = (counts[code] as number) + 1;
  }
}

const canceled: RpcError = { code: StatusCode.canceled, message: 'ledger: request canceled' };

const nothing = (): void => undefined;
const ignoring: StreamListener = {
  message: nothing,
  halfClosed: nothing,
  drained: nothing,
  closed: nothing,
};

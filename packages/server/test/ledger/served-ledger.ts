import assert from 'node:assert/strict';
import { silentLogger } from '@quorate/base';
import { LedgerMachine } from '@quorate/ledger';
import type { GroupStatus, ProposeDone, ReadDone, RuntimeError } from '@quorate/runtime';
import {
  type Codec,
  decodeMessage,
  encodeMessage,
  type Init,
  ledger,
  majorityConfiguration,
} from '@quorate/schema';
import type { LedgerGroup, LedgerResult } from '../../src/core/ledger/ledger-group.ts';
import { ledgerReplica } from '../../src/core/ledger/ledger-replica.ts';
import { LedgerService, type LedgerServiceOptions } from '../../src/core/ledger/ledger-service.ts';
import { servedBooks } from '../../src/core/ledger/served-books.ts';
import type { StreamCall, StreamListener } from '../../src/core/method.ts';
import type { RpcError } from '../../src/core/rpc-error.ts';

const here = 7;
const service = '/quorate.ledger.v1.Ledger';
const call = { requireLeader: false, token: '', commonName: '' };

/** A group of one that applies every command at once, until it is told to hold or to fail. */
export class InProcessLedger implements LedgerGroup {
  readonly machine = new LedgerMachine();
  readonly replica = ledgerReplica(this.machine);
  failure: RuntimeError | null = null;
  /** Commands wait for `release`. */
  isHeld = false;
  barriers = 0;
  proposals = 0;
  leader = here;
  #index = 0;
  #held: (() => void)[] = [];
  readonly #listeners: ((status: GroupStatus) => void)[] = [];

  propose(command: Uint8Array, done: ProposeDone<LedgerResult>): void {
    this.proposals += 1;
    const apply = (): void => {
      if (this.failure !== null) {
        done(this.failure, null);
        return;
      }
      const index = ++this.#index;
      const entry = { index, term: 1, timestampMicros: index * 1_000_000, command };
      const [result = assert.fail()] = this.replica.apply([entry]);
      done(null, { index, result });
    };
    if (this.isHeld) this.#held.push(apply);
    else apply();
  }

  release(): void {
    for (const apply of this.#held.splice(0)) apply();
  }

  readBarrier(done: ReadDone): void {
    this.barriers += 1;
    done(this.failure, this.#index);
  }

  status(): GroupStatus {
    const index = this.#index;
    return {
      group: 1,
      node: here,
      role: this.leader === here ? 'leader' : 'follower',
      term: 3,
      leader: this.leader,
      lastIndex: index,
      commitIndex: index,
      appliedIndex: index,
      configuration: majorityConfiguration([here]),
      configurationIndex: 0,
      repairing: false,
    };
  }

  onLeadership(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }

  lead(leader: number): void {
    this.leader = leader;
    for (const listener of this.#listeners) listener(this.status());
  }
}

type Outcome<A> =
  | { readonly error: RpcError; readonly answer: null }
  | { readonly error: null; readonly answer: A };

/** The service over such a group, and calls of it. */
export class ServedLedger {
  readonly group = new InProcessLedger();
  readonly service: LedgerService;

  constructor(options: Partial<LedgerServiceOptions> = {}) {
    const { group } = this;
    const books = servedBooks(group.machine);
    // All at once: what takes turns is looked at elsewhere.
    const timers = { defer: (callback: () => void) => callback() };
    this.service = new LedgerService({
      ...{ name: 'n1', group, books, timers, logger: silentLogger },
      ...options,
    });
  }

  raw(method: string, request: Uint8Array): Outcome<Uint8Array> {
    let outcome: Outcome<Uint8Array> | null = null;
    this.service.unary(`${service}/${method}`)(request, call, (error, answer) => {
      outcome =
        error === null ? { error, answer: answer ?? assert.fail() } : { error, answer: null };
    });
    return outcome ?? assert.fail('it was answered');
  }

  call<Q, A>(method: string, request: Codec<Q>, answer: Codec<A>, message: Init<Q>): Outcome<A> {
    const outcome = this.raw(method, encodeMessage(request, message));
    if (outcome.answer === null) return outcome;
    return { error: null, answer: decodeMessage(answer, outcome.answer) ?? assert.fail() };
  }

  createAccounts(accounts: readonly Init<ledger.Account>[]): ledger.CreateAccountsAnswer {
    const { CreateAccountsRequest, CreateAccountsAnswer } = ledger;
    const { answer } = this.call('CreateAccounts', CreateAccountsRequest, CreateAccountsAnswer, {
      accounts,
    });
    return answer ?? assert.fail();
  }

  createTransfers(transfers: readonly Init<ledger.Transfer>[]): ledger.CreateTransfersAnswer {
    const { CreateTransfersRequest, CreateTransfersAnswer } = ledger;
    const { answer } = this.call('CreateTransfers', CreateTransfersRequest, CreateTransfersAnswer, {
      transfers,
    });
    return answer ?? assert.fail();
  }

  stream(): CalledStream {
    return new CalledStream(this.service);
  }
}

/** One call of Batches, from its client's side. */
export class CalledStream {
  readonly answers: ledger.BatchesAnswer[] = [];
  /** Undefined while it lasts. */
  end: RpcError | null | undefined;
  /** The client reads nothing. */
  isStuck = false;
  readonly #listener: StreamListener;

  constructor(ledgerService: LedgerService) {
    const streamCall: StreamCall = {
      context: call,
      send: (message) => {
        this.answers.push(decodeMessage(ledger.BatchesAnswer, message) ?? assert.fail());
        return !this.isStuck;
      },
      end: (error) => {
        this.end = error;
      },
    };
    this.#listener = ledgerService.stream(`${service}/Batches`)(streamCall);
  }

  get isOpen(): boolean {
    return this.end === undefined;
  }

  send(request: Init<ledger.BatchesRequest>): void {
    this.#listener.message(encodeMessage(ledger.BatchesRequest, request));
  }

  sendRaw(bytes: Uint8Array): void {
    this.#listener.message(bytes);
  }

  halfClose(): void {
    this.#listener.halfClosed();
  }

  close(): void {
    this.#listener.closed();
  }

  answerTo(number: number): ledger.BatchesAnswer {
    return (
      this.answers.find((answer) => answer.number === number) ?? assert.fail(`no answer ${number}`)
    );
  }
}

export function uint128(low: bigint, high = 0n): ledger.Uint128 {
  return { low, high };
}

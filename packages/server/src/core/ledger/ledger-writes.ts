import {
  AccountBatchBuilder,
  type BatchFailure,
  LedgerError,
  maxBatchEvents,
  type NewAccount,
  type NewTransfer,
  TransferBatchBuilder,
} from '@quorate/ledger';
import { encodeSessionCommand } from '@quorate/runtime';
import { type Codec, decodeMessage, encodeMessage, ledger } from '@quorate/schema';
import type { UnaryDone, UnaryMethod } from '../method.ts';
import { malformedRequest } from '../rpc-error.ts';
import type { BatchIntake, Intake } from './batch-intake.ts';
import type { LedgerResult } from './ledger-group.ts';
import { pathOf } from './ledger-reads.ts';
import {
  type LedgerRefusal,
  malformed,
  refusalOfRuntime,
  refusals,
  rpcErrorOf,
} from './ledger-refusal.ts';
import type { ProposalGate } from './proposal-gate.ts';
import { accountFromWire, transferFromWire } from './wire-events.ts';

interface Answer {
  readonly timestamp: bigint;
  readonly failures: readonly BatchFailure[];
}

/** Puts events of one kind together. */
interface Builder<Event> {
  add(event: Event): void;
  clear(): void;
  encode(): Uint8Array;
}

/** One unary method that writes. */
interface Write<Request, Wire, Event> {
  readonly codec: Codec<Request>;
  readonly eventsOf: (request: Request) => readonly Wire[];
  readonly fromWire: (wire: Wire) => Event | null;
  readonly builder: Builder<Event>;
  readonly intake: (batch: Uint8Array) => Intake;
  readonly encode: (answer: Answer) => Uint8Array;
}

/** The methods that write in ordinary messages: one call is one batch, in no session. */
export class LedgerWrites {
  readonly #gate: ProposalGate;
  readonly #intake: BatchIntake;

  constructor(gate: ProposalGate, intake: BatchIntake) {
    this.#gate = gate;
    this.#intake = intake;
  }

  methods(): ReadonlyMap<string, UnaryMethod> {
    const accounts: Write<ledger.CreateAccountsRequest, ledger.Account, NewAccount> = {
      codec: ledger.CreateAccountsRequest,
      eventsOf: (request) => request.accounts,
      fromWire: accountFromWire,
      builder: new AccountBatchBuilder(),
      intake: (batch) => this.#intake.accounts(batch),
      encode: (answer) => encodeMessage(ledger.CreateAccountsAnswer, answer),
    };
    const transfers: Write<ledger.CreateTransfersRequest, ledger.Transfer, NewTransfer> = {
      codec: ledger.CreateTransfersRequest,
      eventsOf: (request) => request.transfers,
      fromWire: transferFromWire,
      builder: new TransferBatchBuilder(),
      intake: (batch) => this.#intake.transfers(batch),
      encode: (answer) => encodeMessage(ledger.CreateTransfersAnswer, answer),
    };
    return new Map([
      [pathOf('CreateAccounts'), this.#method(accounts)],
      [pathOf('CreateTransfers'), this.#method(transfers)],
    ]);
  }

  #method<Request, Wire, Event>(write: Write<Request, Wire, Event>): UnaryMethod {
    return (bytes, done) => {
      const request = decodeMessage(write.codec, bytes);
      if (request === null) {
        done(malformedRequest, null);
        return;
      }
      const refuse = (refusal: LedgerRefusal): void => done(rpcErrorOf(refusal), null);
      const batch = batchOf(write, write.eventsOf(request));
      if (typeof batch === 'string') {
        refuse(malformed(batch));
        return;
      }
      const { command, refusal } = write.intake(batch);
      if (command === null) refuse(refusal);
      else this.#propose(command, write.encode, done);
    };
  }

  #propose(command: Uint8Array, encode: (answer: Answer) => Uint8Array, done: UnaryDone): void {
    const plain = encodeSessionCommand({ kind: 'plain', command });
    const isTaken = this.#gate.propose(plain, (error, applied) => {
      const answer =
        applied === null
          ? error === null
            ? refusals.unknown
            : refusalOfRuntime(error)
          : answerOf(applied.result);
      if ('reason' in answer) done(rpcErrorOf(answer), null);
      else done(null, encode(answer));
    });
    if (!isTaken) done(rpcErrorOf(refusals.overloaded), null);
  }
}

function answerOf(result: LedgerResult): Answer | LedgerRefusal {
  // A plain command is applied as one, whatever comes of it.
  if (result.kind !== 'applied') return refusals.unknown;
  const answer = result.result;
  return answer.kind === 'refused' ? malformed(answer.reason) : answer;
}

/** @returns the batch in columns, or why there is none */
function batchOf<Wire, Event>(
  { builder, fromWire }: Pick<Write<unknown, Wire, Event>, 'builder' | 'fromWire'>,
  events: readonly Wire[],
): Uint8Array | string {
  if (events.length === 0) return 'a batch has at least one event';
  if (events.length > maxBatchEvents) {
    return `${events.length} events are more than the ${maxBatchEvents} of a batch`;
  }
  try {
    for (const [index, wire] of events.entries()) {
      const event = fromWire(wire);
      if (event === null)
        return `event ${index} has a timestamp or balances, which only servers give`;
      builder.add(event);
    }
    return builder.encode();
  } catch (error) {
    if (error instanceof LedgerError) return error.message;
    throw error;
  } finally {
    builder.clear();
  }
}

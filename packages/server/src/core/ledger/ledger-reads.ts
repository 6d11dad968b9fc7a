import type { Logger, Timers } from '@quorate/base';
import {
  type Account,
  type AccountBalance,
  type AccountFilter,
  LedgerError,
  maxBatchEvents,
  type QueryFilter,
  type Scan,
  type Transfer,
} from '@quorate/ledger';
import { type Codec, decodeMessage, encodeMessage, ledger } from '@quorate/schema';
import type { UnaryDone, UnaryMethod } from '../method.ts';
import { malformedRequest } from '../rpc-error.ts';
import type { LedgerGroup } from './ledger-group.ts';
import {
  type LedgerRefusal,
  malformed,
  refusalOfRuntime,
  refusals,
  rpcErrorOf,
} from './ledger-refusal.ts';
import { ScanQueue } from './scan-queue.ts';
import type { ServedBooks } from './served-books.ts';
import { uint128FromWire } from './uint128-wire.ts';
import { wireAccount, wireBalance, wireTransfer } from './wire-events.ts';

const servicePath = '/quorate.ledger.v1.Ledger';

/** @returns where a method of the service is */
export function pathOf(method: string): string {
  return `${servicePath}/${method}`;
}

/** What a read found, given once. */
type Found<Item> = (items: readonly Item[]) => void;
/** Or why it found nothing. */
type Failed = (error: unknown) => void;

/** The methods that only read: of the books as they are once all acknowledged before is in them. */
export class LedgerReads {
  readonly #group: Pick<LedgerGroup, 'readBarrier'>;
  readonly #books: ServedBooks;
  readonly #scans: ScanQueue;
  readonly #logger: Pick<Logger, 'error'>;

  constructor(
    group: Pick<LedgerGroup, 'readBarrier'>,
    books: ServedBooks,
    timers: Pick<Timers, 'defer'>,
    logger: Pick<Logger, 'error'>,
  ) {
    this.#logger = logger;
    this.#group = group;
    this.#books = books;
    this.#scans = new ScanQueue(timers);
  }

  methods(): ReadonlyMap<string, UnaryMethod> {
    const books = this.#books;
    const lookup = ledger.LookupRequest;
    const ofAccount = ledger.AccountFilter;
    const query = ledger.QueryFilter;
    return new Map([
      this.#read('LookupAccounts', lookup, accountsOf, (request, found) =>
        found(books.lookupAccounts(idsOf(request))),
      ),
      this.#read('LookupTransfers', lookup, transfersOf, (request, found, failed) =>
        this.#scan(books.lookupTransfers(idsOf(request)), found, failed),
      ),
      this.#read('GetAccountTransfers', ofAccount, transfersOf, (request, found, failed) =>
        this.#scan(books.accountTransfers(accountFilterOf(request)), found, failed),
      ),
      this.#read('GetAccountBalances', ofAccount, balancesOf, (request, found, failed) =>
        this.#scan(books.accountBalances(accountFilterOf(request)), found, failed),
      ),
      this.#read('QueryAccounts', query, accountsOf, (request, found, failed) =>
        this.#scan(books.queryAccounts(queryFilterOf(request)), found, failed),
      ),
      this.#read('QueryTransfers', query, transfersOf, (request, found, failed) =>
        this.#scan(books.queryTransfers(queryFilterOf(request)), found, failed),
      ),
    ]);
  }

  /** @param look throws LedgerError where the request cannot be answered */
  #read<Q extends { readonly local: boolean }, Item>(
    name: string,
    codec: Codec<Q>,
    encode: (items: readonly Item[]) => Uint8Array,
    look: (request: Q, found: Found<Item>, failed: Failed) => void,
  ): readonly [string, UnaryMethod] {
    const method = (bytes: Uint8Array, done: UnaryDone): void => {
      const request = decodeMessage(codec, bytes);
      if (request === null) {
        done(malformedRequest, null);
        return;
      }
      const refuse = (refusal: LedgerRefusal): void => done(rpcErrorOf(refusal), null);
      const answer = (): void => {
        if (!this.#scans.hasRoom) refuse(refusals.queriesBusy);
        else
          this.#answer(refuse, (failed) =>
            look(request, (items) => done(null, encode(items)), failed),
          );
      };
      if (request.local) answer();
      else {
        this.#group.readBarrier((error) => {
          if (error === null) answer();
          else refuse(refusalOfRuntime(error));
        });
      }
    };
    return [pathOf(name), method];
  }

  #scan<Item>(scan: Scan<Item>, found: Found<Item>, failed: Failed): void {
    const release = this.#books.hold();
    this.#scans.run(
      scan,
      (items) => {
        release();
        found(items);
      },
      (error) => {
        release();
        failed(error);
      },
    );
  }

  #answer(refuse: (refusal: LedgerRefusal) => void, look: (failed: Failed) => void): void {
    const failed = (error: unknown): void => {
      if (!(error instanceof LedgerError)) throw error;
      if (error.code !== 'LEDGER_PART_DAMAGED') {
        refuse(malformed(error.message));
        return;
      }
      this.#logger.error('a query met what is damaged', { reason: error.message });
      refuse(refusals.damaged);
    };
    try {
      look(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function accountsOf(accounts: readonly Account[]): Uint8Array {
  return encodeMessage(ledger.AccountsAnswer, { accounts: accounts.map(wireAccount) });
}

function transfersOf(transfers: readonly Transfer[]): Uint8Array {
  return encodeMessage(ledger.TransfersAnswer, { transfers: transfers.map(wireTransfer) });
}

function balancesOf(balances: readonly AccountBalance[]): Uint8Array {
  return encodeMessage(ledger.BalancesAnswer, { balances: balances.map(wireBalance) });
}

/** @throws LedgerError LEDGER_FIELD_INVALID */
function idsOf({ ids }: ledger.LookupRequest): readonly bigint[] {
  if (ids.length <= maxBatchEvents) return ids.map(uint128FromWire);
  throw new LedgerError(
    'LEDGER_FIELD_INVALID',
    `${ids.length} ids are looked up, and ${maxBatchEvents} is the most: ask several times`,
    { field: 'ids', value: ids.length, limit: maxBatchEvents },
  );
}

function limitOf(limit: number): number {
  return limit === 0 ? maxBatchEvents : Math.min(limit, maxBatchEvents);
}

function accountFilterOf(filter: ledger.AccountFilter): AccountFilter {
  const { userData64, userData32, code, timestampMin, timestampMax, reversed } = filter;
  const isEither = !filter.debits && !filter.credits;
  return {
    accountId: uint128FromWire(filter.accountId),
    userData128: uint128FromWire(filter.userData128),
    userData64,
    userData32,
    code,
    timestampMin,
    timestampMax,
    limit: limitOf(filter.limit),
    debits: filter.debits || isEither,
    credits: filter.credits || isEither,
    reversed,
  };
}

function queryFilterOf(filter: ledger.QueryFilter): QueryFilter {
  const { userData64, userData32, code, timestampMin, timestampMax, reversed } = filter;
  return {
    userData128: uint128FromWire(filter.userData128),
    userData64,
    userData32,
    ledger: filter.ledger,
    code,
    timestampMin,
    timestampMax,
    limit: limitOf(filter.limit),
    reversed,
  };
}

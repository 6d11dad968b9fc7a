import type { Account, AccountBalance, Transfer } from '@quorate/ledger';
import { type Codec, type Init, ledger } from '@quorate/schema';
import type { Caller } from '../calls/caller.ts';
import { type Headed, type Method, methods as shared } from '../calls/methods.ts';
import type { AccountFilter, LedgerStatus, LookupOptions, QueryFilter } from './ledger-client.ts';
import {
  accountFilterToWire,
  accountFromWire,
  balanceFromWire,
  queryFilterToWire,
  transferFromWire,
  uint128ToWire,
} from './ledger-wire.ts';

const service = '/quorate.ledger.v1.Ledger';

/** Where the stream of batches is. */
export const batchesPath = `${service}/Batches`;

/** A method of the ledger, whose answers have no header. */
function method<Q, A extends object>(
  name: string,
  request: Codec<Q>,
  answer: Codec<A>,
): Method<Q, A & Headed> {
  const headed: Codec<A & Headed> = {
    write: (message, writer) => answer.write(message as Init<A>, writer),
    read: (reader, depth) => ({ ...answer.read(reader, depth), header: null }),
  };
  return { path: `${service}/${name}`, request, answer: headed };
}

const { AccountsAnswer, TransfersAnswer, BalancesAnswer, LookupRequest } = ledger;
const methods = {
  lookupAccounts: method('LookupAccounts', LookupRequest, AccountsAnswer),
  lookupTransfers: method('LookupTransfers', LookupRequest, TransfersAnswer),
  accountTransfers: method('GetAccountTransfers', ledger.AccountFilter, TransfersAnswer),
  accountBalances: method('GetAccountBalances', ledger.AccountFilter, BalancesAnswer),
  queryAccounts: method('QueryAccounts', ledger.QueryFilter, AccountsAnswer),
  queryTransfers: method('QueryTransfers', ledger.QueryFilter, TransfersAnswer),
  status: method('Status', ledger.StatusRequest, ledger.StatusAnswer),
};

/** The calls that only read. Each is asked again, of another server, until its time is over. */
export class LedgerQueries {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async lookupAccounts(ids: readonly bigint[], options: LookupOptions): Promise<Account[]> {
    const answer = await this.#caller.read(methods.lookupAccounts, lookupOf(ids, options));
    return answer.accounts.map(accountFromWire);
  }

  async lookupTransfers(ids: readonly bigint[], options: LookupOptions): Promise<Transfer[]> {
    const answer = await this.#caller.read(methods.lookupTransfers, lookupOf(ids, options));
    return answer.transfers.map(transferFromWire);
  }

  async accountTransfers(filter: AccountFilter): Promise<Transfer[]> {
    const answer = await this.#caller.read(methods.accountTransfers, accountFilterToWire(filter));
    return answer.transfers.map(transferFromWire);
  }

  async accountBalances(filter: AccountFilter): Promise<AccountBalance[]> {
    const answer = await this.#caller.read(methods.accountBalances, accountFilterToWire(filter));
    return answer.balances.map(balanceFromWire);
  }

  async queryAccounts(filter: QueryFilter): Promise<Account[]> {
    const answer = await this.#caller.read(methods.queryAccounts, queryFilterToWire(filter));
    return answer.accounts.map(accountFromWire);
  }

  async queryTransfers(filter: QueryFilter): Promise<Transfer[]> {
    const answer = await this.#caller.read(methods.queryTransfers, queryFilterToWire(filter));
    return answer.transfers.map(transferFromWire);
  }

  /** @param address null: of whichever server answers */
  async status(address: string | null): Promise<LedgerStatus> {
    const answer =
      address === null
        ? await this.#caller.read(methods.status, {})
        : await this.#caller.readFrom(address, methods.status, {});
    const { node, name, leader, term, appliedIndex, accounts, transfers } = answer;
    return { node, name, leader, term, appliedIndex, accounts, transfers };
  }

  async clusterId(): Promise<bigint> {
    const { header } = await this.#caller.read(shared.memberList, { linearizable: false });
    return header?.clusterId ?? 0n;
  }
}

function lookupOf(ids: readonly bigint[], { local }: LookupOptions): Init<ledger.LookupRequest> {
  const wire = ids.map((id) => uint128ToWire(id) ?? {});
  return { ids: wire, local: local === true };
}

import assert from 'node:assert/strict';
import { Client, credentials } from '@grpc/grpc-js';
import { type Codec, decodeMessage, encodeMessage, type Init, ledger } from '@quorate/schema';
import type { LedgerServer } from '@quorate/server';
import { uint128 } from './served-ledger.ts';

const { CreateAccountsRequest, CreateAccountsAnswer, LookupRequest, AccountsAnswer } = ledger;
const asIs = (bytes: Buffer): Buffer => bytes;

export function addressOf({ clientAddresses: [address] }: LedgerServer): string {
  return `127.0.0.1:${address?.port}`;
}

/** What a stock client of gRPC asks of one server. */
export class LedgerCalls {
  readonly #client: Client;

  /** To be closed. */
  constructor(server: LedgerServer) {
    this.#client = new Client(addressOf(server), credentials.createInsecure());
  }

  createAccounts(accounts: readonly Init<ledger.Account>[]): Promise<ledger.CreateAccountsAnswer> {
    const method = ['CreateAccounts', CreateAccountsRequest, CreateAccountsAnswer] as const;
    return this.#call(method, { accounts });
  }

  async lookupAccounts(ids: readonly bigint[]): Promise<readonly ledger.Account[]> {
    const method = ['LookupAccounts', LookupRequest, AccountsAnswer] as const;
    const { accounts } = await this.#call(method, { ids: ids.map((id) => uint128(id)) });
    return accounts;
  }

  async openAccount(id: bigint): Promise<void> {
    const { failures } = await this.createAccounts([{ id: uint128(id), ledger: 1, code: 1 }]);
    assert.deepEqual(failures, []);
  }

  close(): void {
    this.#client.close();
  }

  #call<Q, A>(
    [path, request, answer]: readonly [string, Codec<Q>, Codec<A>],
    message: Init<Q>,
  ): Promise<A> {
    const bytes = Buffer.from(encodeMessage(request, message));
    return new Promise((fulfil, reject) => {
      const full = `/quorate.ledger.v1.Ledger/${path}`;
      this.#client.makeUnaryRequest<Buffer, Buffer>(full, asIs, asIs, bytes, (error, found) => {
        if (error !== null) reject(error);
        else fulfil(decodeMessage(answer, found ?? assert.fail()) ?? assert.fail());
      });
    });
  }
}

import { assert } from '@quorate/base';
import type { NewAccount } from '../model/account.ts';
import { BatchKind, parseBatch } from './batch-head.ts';
import { Column } from './column.ts';

const noBytes = new Uint8Array(0);

/**
 * A batch of accounts to open as views of its bytes, which it neither copies nor changes: they must
 * stay as they are while it is in use. It is meant to be kept, and to parse batch after batch.
 */
export class AccountColumns {
  readonly id = new Column('id', 16);
  readonly userData128 = new Column('userData128', 16);
  readonly userData64 = new Column('userData64', 8);
  readonly userData32 = new Column('userData32', 4);
  readonly ledger = new Column('ledger', 4);
  readonly code = new Column('code', 2);
  readonly flags = new Column('flags', 2);
  readonly timestamp = new Column('timestamp', 8);
  /** The balances have to be 0: a column of theirs is there to be refused by a result. */
  readonly debitsPending = new Column('debitsPending', 16);
  readonly debitsPosted = new Column('debitsPosted', 16);
  readonly creditsPending = new Column('creditsPending', 16);
  readonly creditsPosted = new Column('creditsPosted', 16);
  /** All of them, each at the bit that says in a batch's head whether it is present. */
  readonly columns: readonly Column[];
  /** Of the batch parsed last. */
  bytes: Uint8Array = noBytes;
  /** 0 before the first batch, and after one that was malformed. */
  count = 0;

  constructor() {
    this.columns = [
      ...[this.id, this.userData128, this.userData64, this.userData32, this.ledger],
      ...[this.code, this.flags, this.timestamp],
      ...[this.debitsPending, this.debitsPosted, this.creditsPending, this.creditsPosted],
    ];
  }

  /**
   * Takes a batch, all of which is checked but what an account's values mean.
   *
   * @throws LedgerError `LEDGER_BATCH_MALFORMED`
   */
  parse(bytes: Uint8Array): void {
    this.count = 0;
    const count = parseBatch(bytes, BatchKind.accounts, 0xfff, this.columns);
    this.bytes = bytes;
    this.count = count;
  }

  /** One account of the batch as an object, without its balances. Slow. */
  accountAt(index: number): NewAccount {
    assert(index >= 0 && index < this.count, 'an account is asked for that the batch has');
    return {
      id: this.id.uint128At(index),
      userData128: this.userData128.uint128At(index),
      userData64: this.userData64.uint128At(index),
      userData32: this.userData32.numberAt(index),
      ledger: this.ledger.numberAt(index),
      code: this.code.numberAt(index),
      flags: this.flags.numberAt(index),
    };
  }
}

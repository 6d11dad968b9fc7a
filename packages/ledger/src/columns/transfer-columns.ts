import { assert, present } from '@quorate/base';
import { batchMalformed } from '../ledger-error.ts';
import type { NewTransfer } from '../model/transfer.ts';
import { BatchKind, parseBatch } from './batch-head.ts';
import { Column } from './column.ts';

const noBytes = new Uint8Array(0);
const clientMask = 0x1fff;

/** Which forms of a batch are taken. */
export interface TransferParseOptions {
  /** The log's form too, in which a server has replaced account ids by slots. */
  readonly allowSlots: boolean;
}

/**
 * A batch of transfers as views of its bytes, which it neither copies nor changes: they must stay
 * as they are while it is in use. It is meant to be kept, and to parse batch after batch.
 */
export class TransferColumns {
  readonly id = new Column('id', 16);
  readonly debitAccountId = new Column('debitAccountId', 16);
  readonly creditAccountId = new Column('creditAccountId', 16);
  readonly amount = new Column('amount', 16);
  readonly pendingId = new Column('pendingId', 16);
  readonly userData128 = new Column('userData128', 16);
  readonly userData64 = new Column('userData64', 8);
  readonly userData32 = new Column('userData32', 4);
  readonly timeout = new Column('timeout', 4);
  readonly ledger = new Column('ledger', 4);
  readonly code = new Column('code', 2);
  readonly flags = new Column('flags', 2);
  readonly timestamp = new Column('timestamp', 8);
  /** Present in place of `debitAccountId`: the account's place in the order of creation. */
  readonly debitSlot = new Column('debitSlot', 4);
  readonly creditSlot = new Column('creditSlot', 4);
  /** All of them, each at the bit that says in a batch's head whether it is present. */
  readonly columns: readonly Column[];
  /** Of the batch parsed last. */
  bytes: Uint8Array = noBytes;
  /** 0 before the first batch, and after one that was malformed. */
  count = 0;

  constructor() {
    this.columns = [
      ...[this.id, this.debitAccountId, this.creditAccountId, this.amount, this.pendingId],
      ...[this.userData128, this.userData64, this.userData32, this.timeout, this.ledger],
      ...[this.code, this.flags, this.timestamp, this.debitSlot, this.creditSlot],
    ];
  }

  /**
   * Takes a batch, all of which is checked but what a transfer's values mean.
   *
   * @throws LedgerError `LEDGER_BATCH_MALFORMED`
   */
  parse(bytes: Uint8Array, options: TransferParseOptions): void {
    this.count = 0;
    const allowed = options.allowSlots ? 0x7fff : clientMask;
    const count = parseBatch(bytes, BatchKind.transfers, allowed, this.columns);
    if (this.debitAccountId.isPresent && this.debitSlot.isPresent) {
      batchMalformed('debitSlot', 'ids and slots of the same accounts', this.debitSlot.start);
    }
    if (this.creditAccountId.isPresent && this.creditSlot.isPresent) {
      batchMalformed('creditSlot', 'ids and slots of the same accounts', this.creditSlot.start);
    }
    this.bytes = bytes;
    this.count = count;
  }

  /**
   * One transfer of the batch as an object. Slow.
   *
   * @param accountIdOf gives the id of the account at a slot; needed when there are slots
   */
  transferAt(index: number, accountIdOf?: (slot: number) => bigint): NewTransfer {
    assert(index >= 0 && index < this.count, 'a transfer is asked for that the batch has');
    return {
      id: this.id.uint128At(index),
      debitAccountId: accountId(this.debitAccountId, this.debitSlot, index, accountIdOf),
      creditAccountId: accountId(this.creditAccountId, this.creditSlot, index, accountIdOf),
      amount: this.amount.uint128At(index),
      pendingId: this.pendingId.uint128At(index),
      userData128: this.userData128.uint128At(index),
      userData64: this.userData64.uint128At(index),
      userData32: this.userData32.numberAt(index),
      timeout: this.timeout.numberAt(index),
      ledger: this.ledger.numberAt(index),
      code: this.code.numberAt(index),
      flags: this.flags.numberAt(index),
    };
  }
}

function accountId(
  ids: Column,
  slots: Column,
  index: number,
  accountIdOf: ((slot: number) => bigint) | undefined,
): bigint {
  if (!slots.isPresent) return ids.uint128At(index);
  return present(accountIdOf, 'who reads slots can resolve them')(slots.numberAt(index));
}

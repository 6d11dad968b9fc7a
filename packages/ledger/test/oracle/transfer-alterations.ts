import type { Prng } from '@quorate/base';
import { maxUint128 } from '../../src/model/limits.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import type { TransferEvent } from './books-under-test.ts';
import { drawBits } from './draw-numbers.ts';

/** Makes another transfer of one; what it needs at random comes from the `Prng`. */
export type Alteration = (event: TransferEvent, prng: Prng) => TransferEvent;

function withFlags(event: TransferEvent, flags: number): TransferEvent {
  return { ...event, flags: (event.flags ?? 0) | flags };
}

/** Each is a reason to refuse a transfer that may otherwise be carried out. */
export const spoils: readonly Alteration[] = [
  (event) => ({ ...event, timestamp: 1n }),
  (event, prng) => withFlags(event, 256 << prng.below(8)),
  (event) => ({ ...event, id: 0n }),
  (event) => ({ ...event, id: maxUint128 }),
  (event) => ({ ...event, debitAccountId: 0n }),
  (event) => ({ ...event, debitAccountId: maxUint128 }),
  (event) => ({ ...event, creditAccountId: 0n }),
  (event) => ({ ...event, creditAccountId: maxUint128 }),
  (event) => ({ ...event, creditAccountId: event.debitAccountId }),
  (event) => ({ ...event, debitAccountId: event.creditAccountId ^ (1n << 71n) }),
  (event) => ({ ...event, creditAccountId: event.debitAccountId ^ (1n << 71n) }),
  (event) => ({ ...event, pendingId: event.pendingId ? 0n : 1n }),
  (event) => ({ ...event, pendingId: maxUint128 }),
  (event) => ({ ...event, pendingId: event.id }),
  (event, prng) => ({ ...event, pendingId: drawBits(prng, 128) }),
  (event) => ({ ...event, timeout: 7 }),
  (event) => withFlags(event, TransferFlag.closingDebit),
  (event) => withFlags(event, TransferFlag.closingCredit),
  (event) => withFlags(event, TransferFlag.pending),
  (event) => withFlags(event, TransferFlag.postPendingTransfer | TransferFlag.voidPendingTransfer),
  (event, prng) => withFlags(event, 1 << prng.below(8)),
  (event) => ({ ...event, amount: 0n }),
  (event) => ({ ...event, amount: maxUint128 }),
  (event) => ({ ...event, ledger: 0 }),
  (event) => ({ ...event, ledger: (event.ledger % 0xffff_ffff) + 1 }),
  (event) => ({ ...event, code: 0 }),
  (event) => ({ ...event, code: (event.code % 0xffff) + 1 }),
];

function flipBit(value: bigint | undefined, bit: number): bigint {
  return (value ?? 0n) ^ (1n << BigInt(bit));
}

/** Each makes a retry one that is not quite the same, or the same in other words. */
export const alterations: readonly Alteration[] = [
  (event, prng) => ({ ...event, flags: (event.flags ?? 0) ^ (1 << prng.below(8)) }),
  (event, prng) => ({ ...event, pendingId: flipBit(event.pendingId, prng.below(128)) }),
  (event) => ({ ...event, timeout: ((event.timeout ?? 0) + 1) % 2 ** 32 }),
  (event, prng) => ({ ...event, debitAccountId: flipBit(event.debitAccountId, prng.below(128)) }),
  (event, prng) => ({ ...event, creditAccountId: flipBit(event.creditAccountId, prng.below(128)) }),
  (event) => ({ ...event, debitAccountId: 0n }),
  (event) => ({ ...event, creditAccountId: 0n }),
  (event) => ({ ...event, amount: event.amount === maxUint128 ? 1n : event.amount + 1n }),
  (event) => ({ ...event, amount: event.amount > 0n ? event.amount - 1n : 1n }),
  (event) => ({ ...event, amount: event.amount / 2n }),
  (event) => ({ ...event, amount: 0n }),
  (event, prng) => ({ ...event, userData128: flipBit(event.userData128, prng.below(128)) }),
  (event, prng) => ({ ...event, userData64: flipBit(event.userData64, prng.below(64)) }),
  (event, prng) => ({
    ...event,
    userData32: Number(flipBit(BigInt(event.userData32 ?? 0), prng.below(32))),
  }),
  (event) => ({ ...event, userData128: 0n, userData64: 0n, userData32: 0 }),
  (event) => ({ ...event, ledger: event.ledger === 1 ? 2 : 1 }),
  (event) => ({ ...event, ledger: 0 }),
  (event) => ({ ...event, code: event.code ^ 0x8000 }),
  (event) => ({ ...event, code: 0 }),
];

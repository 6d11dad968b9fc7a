import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { AccountBatchBuilder, type NewTransfer, TransferBatchBuilder } from '@quorate/ledger';
import { encodeMessage, type Init, ledger } from '@quorate/schema';
import { ServedLedger } from '../test/ledger/served-ledger.ts';

/*
 * An input is messages, each two bytes with its length, the upper one first, and its bytes: what
 * one client says on a stream of batches. There are two accounts when it begins.
 */

const firstSession = 2;

function transfer(prng: Prng): NewTransfer {
  const one = (): bigint => BigInt(prng.below(4));
  const amount = prng.pick([0n, 1n, 5n, 2n ** 60n, 2n ** 128n - 1n]);
  const more = prng.chance(0.5) ? {} : { flags: prng.below(256), timeout: prng.below(3) };
  const pendingId = prng.chance(0.3) ? one() : 0n;
  const accounts = { debitAccountId: one(), creditAccountId: one() };
  return { id: BigInt(prng.below(9)), ...accounts, amount, pendingId, ledger: 1, code: 1, ...more };
}

function transfers(prng: Prng): Uint8Array {
  const builder = new TransferBatchBuilder(8);
  for (let left = 1 + prng.below(8); left > 0; left--) builder.add(transfer(prng));
  return builder.encode();
}

function accounts(prng: Prng): Uint8Array {
  const builder = new AccountBatchBuilder(4);
  for (let left = 1 + prng.below(4); left > 0; left--) {
    const flags = prng.chance(0.5) ? 0 : prng.below(64);
    builder.add({ id: BigInt(prng.below(6)), ledger: 1 + prng.below(2), code: 1, flags });
  }
  return builder.encode();
}

function request(prng: Prng): Init<ledger.BatchesRequest> {
  const number = 1 + prng.below(20);
  const session = prng.chance(0.5) ? firstSession : 0;
  const sequence = 1 + prng.below(4);
  const place = { number, session, sequence, acknowledgedBelow: 1 + prng.below(3) };
  switch (prng.below(8)) {
    case 0:
      return { number, openSession: { ttlMs: 60_000, nonce: new Uint8Array(8) } };
    case 1:
      return { ...place, keepAlive: {} };
    case 2:
      return { ...place, closeSession: {} };
    case 3:
    case 4:
      return { ...place, accounts: accounts(prng) };
    default:
      return { ...place, transfers: transfers(prng) };
  }
}

function generate(prng: Prng): Uint8Array {
  const pieces: number[] = [];
  for (let left = 1 + prng.below(8); left > 0; left--) {
    const message = encodeMessage(ledger.BatchesRequest, request(prng));
    pieces.push(message.length >> 8, message.length & 255, ...message);
  }
  return Uint8Array.from(pieces);
}

function messagesOf(input: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length; ) {
    const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
    messages.push(input.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return messages;
}

/** What the accounts owe and are owed is the same, whatever a client has sent. */
function checkBalance(served: ServedLedger): void {
  const { accounts: found } = served.group.machine.books.state;
  let posted = 0n;
  let pending = 0n;
  for (let slot = 0; slot < found.count; slot++) {
    const account = found.accountAt(slot);
    posted += account.debitsPosted - account.creditsPosted;
    pending += account.debitsPending - account.creditsPending;
  }
  assert.deepEqual([posted, pending], [0n, 0n], 'the books balance');
}

function run(input: Uint8Array) {
  const served = new ServedLedger();
  const opened = [1n, 2n].map((low) => ({ id: { low, high: 0n }, ledger: 1, code: 1 }));
  served.createAccounts(opened);
  const stream = served.stream();
  const messages = messagesOf(input);
  let taken = 0;
  for (const message of messages) {
    if (!stream.isOpen) break;
    stream.sendRaw(message);
    if (stream.isOpen) taken += 1;
  }
  assert.equal(stream.answers.length, 1 + taken, 'each request has its answer, after the hello');
  checkBalance(served);
  const carriedOut = stream.answers.filter(({ results }) => results !== null).length;
  const kinds = stream.answers.map(({ refusal }) => refusal?.kind ?? 0);
  const behaviour = `${carriedOut > 0 ? 'batches' : 'none'} ${Math.max(...kinds)} ${stream.isOpen}`;
  return { accepted: stream.isOpen, behaviour };
}

export const fuzzer = {
  about: 'what a client says on a stream of batches of a ledger',
  maxBytes: 4096,
  generate,
  run,
  isRefusal: () => false,
  // Empty books have room for the first batches.
  allocation: { fixedBytes: 24 << 20, perInputByte: 4096 },
};

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountResult, TransferResult } from '@quorate/ledger';
import { ledger } from '@quorate/schema';

/** `idMustNotBeIntMax` as the .proto file spells it. */
function spelled(prefix: string, name: string): string {
  const words = name.replace(/(\d+)/g, '_$1').replace(/([A-Z])/g, '_$1');
  return `${prefix}_${words.toUpperCase()}`;
}

for (const [prefix, model, wire] of [
  ['ACCOUNT_RESULT', AccountResult, ledger.AccountResult],
  ['TRANSFER_RESULT', TransferResult, ledger.TransferResult],
] as const) {
  test(`the .proto file gives ${prefix} the names and numbers of the log`, () => {
    const expected = Object.entries(model).map(([name, code]) => [spelled(prefix, name), code]);
    assert.deepEqual(Object.entries(wire), expected);
  });
}

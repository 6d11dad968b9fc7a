import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AccountFlag, TransferFlag } from '@quorate/ledger';
import fc from 'fast-check';
import { amountText, parseAmount } from '../../src/ledger/values/amount-text.ts';
import { flagsText, parseFlags } from '../../src/ledger/values/flag-text.ts';
import {
  identifierText,
  parseIdentifier,
  parseSmall,
  parseWide,
} from '../../src/ledger/values/number-text.ts';
import { parseTime, timeText } from '../../src/ledger/values/time-text.ts';

const uint128 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });

describe('amounts', () => {
  it('are read back exactly as they were written, at any scale', () => {
    const scale = fc.integer({ min: 0, max: 38 });
    fc.assert(
      fc.property(uint128, scale, (amount, decimals) => {
        assert.equal(parseAmount(amountText(amount, decimals), decimals), amount);
      }),
      { seed: 7001 },
    );
  });

  it('may leave out the last decimals, and have no more than the scale', () => {
    assert.equal(parseAmount('12', 2), 1200n);
    assert.equal(parseAmount('12.3', 2), 1230n);
    assert.equal(parseAmount('0.01', 2), 1n);
    assert.equal(amountText(5n, 2), '0.05');
    assert.throws(() => parseAmount('12.345', 2), /"12.345" has 3 decimals; --scale takes 2/);
    assert.throws(() => parseAmount('1.5', 0), /give --scale, or the smallest unit/);
  });

  it('have no sign, no exponent, no groups, and fit 128 bits', () => {
    for (const text of ['-1', '+1', '1e3', '1,000', '.5', '5.', '', 'NaN', ' 1']) {
      assert.throws(() => parseAmount(text, 2), /is no amount/, text);
      assert.throws(() => parseAmount(text, 0), /is no whole number|below 0/, text);
    }
    for (const text of ['0x10', '0X10', '0xg']) {
      for (const scale of [0, 2]) {
        assert.throws(() => parseAmount(text, scale), /is no amount; write it in decimal/);
      }
    }
    assert.throws(() => parseAmount(String(2n ** 128n), 0), /more than 128 bits hold/);
    assert.throws(() => parseAmount(String(2n ** 127n), 1), /more than 128 bits hold/);
  });
});

describe('ids', () => {
  it('are read in each of the ways in which they are printed', () => {
    fc.assert(
      fc.property(uint128, (id) => {
        for (const style of ['decimal', 'hex', 'uuid'] as const) {
          assert.equal(parseIdentifier(identifierText(id, style)), id);
        }
      }),
      { seed: 7002 },
    );
    assert.equal(identifierText(1n, 'uuid'), '00000000-0000-0000-0000-000000000001');
  });

  it('that are none say how an id is written', () => {
    assert.throws(() => parseIdentifier('abc'), /"abc" is no id; write digits, 0x/);
    assert.throws(() => parseIdentifier(String(2n ** 128n)), /which is 128 bits/);
  });
});

describe('numbers', () => {
  it('are refused above their width', () => {
    assert.equal(parseSmall('65535', 16), 65_535);
    assert.throws(() => parseSmall('65536', 16), /more than 65535/);
    assert.throws(() => parseSmall('-1', 16), /below 0/);
    assert.equal(parseWide('0xffffffffffffffff', 64), 2n ** 64n - 1n);
    assert.throws(() => parseWide('18446744073709551616', 64), /64 bits/);
  });
});

describe('flags', () => {
  it('are names or a number, and a wrong name is told the nearest', () => {
    assert.equal(parseFlags('linked|pending', TransferFlag), 3);
    assert.equal(parseFlags('history,closed', AccountFlag), 40);
    assert.equal(parseFlags('9', AccountFlag), 9);
    assert.throws(() => parseFlags('histroy', AccountFlag), /did you mean history\?/);
    assert.throws(() => parseFlags('toString', AccountFlag), /is no flag/);
    assert.equal(flagsText(3, TransferFlag), 'linked|pending');
    assert.throws(() => parseFlags('0x2', TransferFlag), /is no flag; write names, or a decimal/);
    assert.equal(flagsText(16, AccountFlag), '16');
  });
});

describe('times', () => {
  it('are nanoseconds, or a date or time in UTC', () => {
    assert.equal(parseTime('1'), 1n);
    assert.equal(parseTime('1970-01-02'), 86_400_000_000_000n);
    assert.equal(timeText(parseTime('2026-11-23T09:30Z')), '2026-11-23T09:30:00.000000000Z');
    const text = '2026-11-23T09:30:00.123456789Z';
    assert.equal(timeText(parseTime(text)), text);
    for (const wrong of ['yesterday', '2026-13-01', '2026-11-23T09:30', '1969-12-31']) {
      assert.throws(() => parseTime(wrong), /is no time; write/, wrong);
    }
  });
});

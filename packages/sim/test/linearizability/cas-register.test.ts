import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLinearizability } from '../../src/linearizability/check.ts';
import type { History } from '../../src/linearizability/history.ts';
import {
  casRegister,
  type RegisterInput,
  type RegisterOutput,
} from '../../src/linearizability/models/cas-register.ts';
import { cas, read, record, sees, sequence, swapped, write, written } from './small-history.ts';

function verdict(history: History<RegisterInput, RegisterOutput>): string {
  return checkLinearizability(casRegister, history).kind;
}

describe('a register, operations one after another', () => {
  it('may do nothing at all', () => {
    assert.equal(verdict([]), 'linearizable');
  });

  it('holds nil at first, then what was written last', () => {
    const history = sequence(
      [read, sees(null)],
      [write(1), written],
      [read, sees(1)],
      [write(2), written],
      [read, sees(2)],
    );
    assert.equal(verdict(history), 'linearizable');
  });

  it('must not show an older value once a newer one was written', () => {
    const stale = sequence([write(1), written], [write(2), written], [read, sees(1)]);
    assert.equal(verdict(stale), 'violation');
  });

  it('must not lose an acknowledged write', () => {
    assert.equal(verdict(sequence([write(1), written], [read, sees(null)])), 'violation');
  });

  it('must not show what nobody wrote', () => {
    assert.equal(verdict(sequence([read, sees(7)])), 'violation');
  });

  it('answers a cas by what it holds: that it failed is an answer like any other', () => {
    const right = [cas(1, 2), swapped(true)] as const;
    assert.equal(verdict(sequence([write(1), written], right, [read, sees(2)])), 'linearizable');
    assert.equal(verdict(sequence([write(1), written], right, [read, sees(1)])), 'violation');
    assert.equal(verdict(sequence([write(1), written], [cas(1, 2), swapped(false)])), 'violation');
    assert.equal(verdict(sequence([write(1), written], [cas(3, 2), swapped(true)])), 'violation');
    assert.equal(
      verdict(sequence([cas(3, 2), swapped(false)], [cas(null, 4), swapped(true)])),
      'linearizable',
    );
  });

  it('refuses an answer of another kind', () => {
    assert.equal(verdict(sequence([read, written])), 'violation');
  });
});

describe('a register, operations that overlap', () => {
  it('may order them either way, but the same way for all who look', () => {
    const seeing = (first: number, second: number) =>
      record((recorder) => {
        const one = recorder.invoke(1, write(1));
        const two = recorder.invoke(2, write(2));
        recorder.ok(recorder.invoke(3, read), sees(first));
        recorder.ok(recorder.invoke(4, read), sees(second));
        recorder.ok(one, written);
        recorder.ok(two, written);
      });
    assert.equal(verdict(seeing(1, 2)), 'linearizable');
    assert.equal(verdict(seeing(2, 1)), 'linearizable');
    const back = record((recorder) => {
      const one = recorder.invoke(1, write(1));
      const two = recorder.invoke(2, write(2));
      for (const value of [1, 2, 1]) recorder.ok(recorder.invoke(3, read), sees(value));
      recorder.ok(one, written);
      recorder.ok(two, written);
    });
    assert.equal(verdict(back), 'violation');
  });

  it('must not go back once a read that ended has seen the new value', () => {
    const history = record((recorder) => {
      recorder.ok(recorder.invoke(0, write(1)), written);
      const slow = recorder.invoke(1, write(2));
      recorder.ok(recorder.invoke(2, read), sees(2));
      recorder.ok(recorder.invoke(3, read), sees(1));
      recorder.ok(slow, written);
    });
    assert.equal(verdict(history), 'violation');
  });

  it('lets one of two equal cas win, not both', () => {
    const race = (second: boolean) =>
      record((recorder) => {
        const one = recorder.invoke(1, cas(null, 1));
        const two = recorder.invoke(2, cas(null, 1));
        recorder.ok(one, swapped(true));
        recorder.ok(two, swapped(second));
      });
    assert.equal(verdict(race(false)), 'linearizable');
    assert.equal(verdict(race(true)), 'violation');
  });

  it('takes a failed cas for proof that another value was there meanwhile', () => {
    const fails = (overlaps: boolean) =>
      record((recorder) => {
        recorder.ok(recorder.invoke(0, write(1)), written);
        const away = overlaps ? recorder.invoke(1, write(2)) : -1;
        recorder.ok(recorder.invoke(2, cas(1, 3)), swapped(false));
        if (overlaps) recorder.ok(away, written);
      });
    assert.equal(verdict(fails(true)), 'linearizable');
    assert.equal(verdict(fails(false)), 'violation');
  });
});

describe('a register, operations without an answer', () => {
  it('may take effect late', () => {
    const history = record((recorder) => {
      const lost = recorder.invoke(1, write(1));
      recorder.ok(recorder.invoke(2, write(2)), written);
      recorder.unknown(lost);
      recorder.ok(recorder.invoke(2, read), sees(2));
      recorder.ok(recorder.invoke(2, read), sees(1));
    });
    assert.equal(verdict(history), 'linearizable');
  });

  it('may never take effect, or not be heard of before the end', () => {
    const history = record((recorder) => {
      recorder.unknown(recorder.invoke(1, write(1)));
      recorder.invoke(2, cas(null, 4));
      recorder.ok(recorder.invoke(3, read), sees(null));
    });
    assert.equal(verdict(history), 'linearizable');
  });

  it('take effect once: what is overwritten does not come back', () => {
    const history = record((recorder) => {
      recorder.unknown(recorder.invoke(1, write(1)));
      recorder.ok(recorder.invoke(2, read), sees(1));
      recorder.ok(recorder.invoke(2, write(2)), written);
      recorder.ok(recorder.invoke(2, read), sees(1));
    });
    assert.equal(verdict(history), 'violation');
  });

  it('do not take effect before they were called', () => {
    const history = record((recorder) => {
      recorder.ok(recorder.invoke(2, read), sees(1));
      recorder.unknown(recorder.invoke(1, write(1)));
    });
    assert.equal(verdict(history), 'violation');
  });

  it('may build on each other', () => {
    const history = record((recorder) => {
      recorder.unknown(recorder.invoke(1, cas(2, 3)));
      recorder.unknown(recorder.invoke(2, cas(1, 2)));
      recorder.unknown(recorder.invoke(3, write(1)));
      recorder.ok(recorder.invoke(4, read), sees(null));
      recorder.ok(recorder.invoke(4, read), sees(3));
    });
    assert.equal(verdict(history), 'linearizable');
  });

  it('may be just what a cas needs to fail', () => {
    const history = record((recorder) => {
      recorder.ok(recorder.invoke(0, write(1)), written);
      recorder.unknown(recorder.invoke(1, write(2)));
      recorder.ok(recorder.invoke(2, cas(1, 3)), swapped(false));
    });
    assert.equal(verdict(history), 'linearizable');
  });

  it('tell nothing when they only read', () => {
    const history = record((recorder) => {
      recorder.unknown(recorder.invoke(1, read));
      recorder.ok(recorder.invoke(0, write(1)), written);
    });
    assert.equal(verdict(history), 'linearizable');
  });

  it('did not happen when they are known to have failed', () => {
    const history = record((recorder) => {
      recorder.fail(recorder.invoke(1, write(1)));
      recorder.ok(recorder.invoke(0, read), sees(1));
    });
    assert.equal(verdict(history), 'violation');
  });
});

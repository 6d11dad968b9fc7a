import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { StepBudget } from '../../src/linearizability/budget.ts';
import {
  type Configuration,
  FailedConfigurations,
  type Failures,
} from '../../src/linearizability/failed-configurations.ts';
import type { History } from '../../src/linearizability/history.ts';
import {
  casRegister,
  type RegisterInput,
  type RegisterOutput,
} from '../../src/linearizability/models/cas-register.ts';
import { prepare } from '../../src/linearizability/problem.ts';
import { Search } from '../../src/linearizability/search.ts';
import { read, record, sees, write, written } from './small-history.ts';
import { registerHistory, withoutTraits } from './workloads.ts';

const plainRegister = withoutTraits(casRegister);

function configuration(changes: Partial<Configuration>): Configuration {
  return {
    state: 0,
    placed: Int32Array.of(0b1011, 0),
    placedHash: 1234,
    firstMissing: 2,
    lastPlaced: 3,
    used: Int32Array.of(0b01),
    ...changes,
  };
}

describe('the memory of failed configurations', () => {
  it('covers what was added, and what has used up more', () => {
    const failures = new FailedConfigurations(1 << 16);
    assert.equal(failures.covers(configuration({})), false);
    failures.add(configuration({}));
    assert.equal(failures.covers(configuration({})), true);
    assert.equal(failures.covers(configuration({ used: Int32Array.of(0b11) })), true);
  });

  it('does not cover another configuration, be its hash the same', () => {
    const failures = new FailedConfigurations(1 << 16);
    failures.add(configuration({}));
    const others: Partial<Configuration>[] = [
      { state: 1 },
      { used: Int32Array.of(0b10) },
      { used: Int32Array.of(0) },
      { placed: Int32Array.of(0b10011, 0), lastPlaced: 4 },
      { placed: Int32Array.of(0b1011, 1), lastPlaced: 32 },
      { placed: Int32Array.of(0b1101, 0), firstMissing: 1 },
    ];
    for (const other of others) {
      assert.equal(failures.covers(configuration(other)), false, JSON.stringify(other));
    }
  });

  it('forgets what comes when it is full, and remembers the rest', () => {
    const failures = new FailedConfigurations(40_000);
    for (let state = 0; state < 5000; state++) failures.add(configuration({ state }));
    assert.ok(failures.count > 1000 && failures.count < 5000);
    assert.equal(failures.covers(configuration({ state: failures.count - 1 })), true);
    assert.equal(failures.covers(configuration({ state: failures.count })), false);
  });
});

/** A memory that looks at configurations through `blur`. */
function blurred(blur: (exact: Configuration) => Configuration): () => Failures {
  return () => {
    const failures = new FailedConfigurations(1 << 20);
    return {
      covers: (exact) => failures.covers(blur(exact)),
      add: (exact) => failures.add(blur(exact)),
    };
  };
}

function isLinearizable(
  history: History<RegisterInput, RegisterOutput>,
  failures: () => Failures,
): boolean {
  const problem = prepare(plainRegister, history);
  const search = new Search(problem, {
    maxBytes: 0,
    found: () => true,
    failures: failures(),
  });
  return search.run(new StepBudget(1e6)) === 'stopped';
}

/** How many of some random histories, all linearizable, are refused with this memory. */
function refused(failures: () => Failures, unknown = 0.2, operations = 16): number {
  let count = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const load = { clients: 8, operations, values: 3, unknown, cas: 0.3, reads: 0.4 };
    if (!isLinearizable(registerHistory(new Prng(seed), load), failures)) count += 1;
  }
  return count;
}

const stateless = blurred((exact) => ({ ...exact, state: 0 }));

describe('canaries: a memory that confuses what it must tell apart', () => {
  it('is seen by one history when it leaves out the state', () => {
    const history = record((recorder) => {
      const one = recorder.invoke(1, write(1));
      const two = recorder.invoke(2, write(2));
      recorder.ok(one, written);
      recorder.ok(two, written);
      recorder.ok(recorder.invoke(3, read), sees(1));
    });
    assert.equal(
      isLinearizable(
        history,
        blurred((exact) => exact),
      ),
      true,
    );
    assert.equal(isLinearizable(history, stateless), false);
  });

  it('is seen by random histories when it leaves out the state', () => {
    assert.ok(refused(stateless) > 10);
  });

  it('is seen by random histories when it leaves out which open operations are used', () => {
    const forgetful = blurred((exact) => ({ ...exact, used: new Int32Array(exact.used.length) }));
    assert.ok(refused(forgetful, 0.5, 24) > 0);
  });

  it('is seen by random histories when it leaves out what is placed', () => {
    const forgetful = blurred((exact) => ({
      ...exact,
      placed: new Int32Array(exact.placed.length),
      placedHash: 0,
    }));
    assert.ok(refused(forgetful) > 2);
  });

  it('is not there when only hashes collide', () => {
    assert.equal(refused(blurred((exact) => ({ ...exact, placedHash: 7 }))), 0);
  });

  it('is not there when there is no memory', () => {
    assert.equal(
      refused(() => ({ covers: () => false, add: () => undefined }), 0.2, 8),
      0,
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AssertionFailed,
  CodedError,
  assert as invariant,
  present,
  unreachable,
} from '../src/index.ts';

describe('an assertion', () => {
  it('says what must hold, when it does not', () => {
    invariant(true, 'nothing happens');
    assert.throws(() => invariant(false, 'terms only rise'), {
      name: 'AssertionFailed',
      message: 'terms only rise',
    });
  });

  it('gives what is there, also when it is falsy', () => {
    assert.equal(present(0, 'a count'), 0);
    assert.equal(present('', 'a text'), '');
    for (const missing of [undefined, null]) {
      assert.throws(() => present(missing, 'it is there'), AssertionFailed);
    }
  });

  it('is failed by a case that cannot be', () => {
    assert.throws(() => unreachable('x' as never), /unreachable case: x/);
  });
});

describe('a coded error', () => {
  interface RoomErrorMetadata {
    ROOM_FULL: { readonly seats: number };
  }
  class RoomError extends CodedError<RoomErrorMetadata, 'ROOM_FULL'> {}

  it('has its code, its metadata and its cause', () => {
    const cause = new Error('a fire');
    const error = new RoomError('ROOM_FULL', 'The room is full.', { seats: 3 }, { cause });
    assert.equal(error.code, 'ROOM_FULL');
    assert.equal(error.metadata.seats, 3);
    assert.equal(error.cause, cause);
    assert.ok(error instanceof Error);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ForwardResponse } from '@quorate/schema';
import { UnsentAnswers } from '../src/unsent-answers.ts';

const answer = (to: number, request: number): ForwardResponse => {
  const place = { outcome: 'appended', firstIndex: 7, entryTerm: 2 } as const;
  return { type: 'ForwardResponse', from: 1, to, term: 2, request, ...place };
};

/** Hands out all to those who are there. */
function sent(unsent: UnsentAnswers, isThere: (to: number) => boolean = () => true): number[] {
  const requests: number[] = [];
  unsent.sendAll(({ to, request }) => {
    if (isThere(to)) requests.push(request);
    return isThere(to);
  });
  return requests;
}

describe('answers that no link took', () => {
  it('are sent once, in their order', () => {
    const unsent = new UnsentAnswers();
    for (const request of [5, 6, 7]) unsent.keep(answer(2, request), 100);
    assert.deepEqual(sent(unsent), [5, 6, 7]);
    assert.deepEqual(sent(unsent), []);
  });

  it('stay for one who is not there, who is tried once, and go to others', () => {
    const unsent = new UnsentAnswers();
    for (const [to, request] of [
      [2, 5],
      [3, 6],
      [2, 7],
    ] as const) {
      unsent.keep(answer(to, request), 100);
    }
    let tries = 0;
    const isThere = (to: number): boolean => {
      if (to === 2) tries += 1;
      return to === 3;
    };
    unsent.sendAll(({ to }) => isThere(to));
    assert.equal(tries, 1);
    assert.deepEqual(sent(unsent), [5, 7]);
  });

  it('are forgotten once nobody waits for them, and the oldest where there are too many', () => {
    const unsent = new UnsentAnswers();
    for (let request = 1; request <= 2000; request++) unsent.keep(answer(2, request), request);
    unsent.expire(1998);
    assert.deepEqual(sent(unsent), [1999, 2000]);
    for (let request = 1; request <= 2000; request++) unsent.keep(answer(2, request), request);
    const kept = sent(unsent);
    assert.equal(kept.length, 1024);
    assert.equal(kept.at(-1), 2000);
  });
});

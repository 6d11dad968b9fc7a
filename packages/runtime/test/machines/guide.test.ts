import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { checkSimpleStateMachine } from '../../conformance/index.ts';
import { Seats } from './support/seats.ts';

describe('the guide to deterministic state machines', () => {
  it('shows code that is compiled here', () => {
    const root = new URL('../../../../', import.meta.url);
    const guide = readFileSync(
      new URL('docs/guides/deterministic-state-machines.md', root),
      'utf8',
    );
    const code = readFileSync(new URL('support/seats.ts', import.meta.url), 'utf8');
    assert.ok(guide.includes(code.replace('../../../src/index.ts', '@quorate/runtime')));
  });

  it('shows a state machine that can be replicated', () => {
    checkSimpleStateMachine({
      create: () => new Seats(),
      commands: (count, seed) => {
        const prng = new Prng(seed);
        return Array.from({ length: count }, () => {
          const seat = `${prng.below(10)}A`;
          return prng.chance(0.5) ? { kind: 'book', seat, who: 'anna' } : { kind: 'release', seat };
        });
      },
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClaimsResult } from '../../src/core/claims/claims-model.ts';
import { ClaimsTable } from '../../src/core/claims/claims-table.ts';
import { maxRound, maxStep, maxU64, type Position } from '../../src/core/claims/position.ts';
import { claimOf, digestOf, keyOf } from './drawn.ts';

/** Where numbers of 64 bits go wrong: at their ends, and where doubles have no odd ones. */
const edges = [0n, 1n, 2n, 2n ** 53n, 2n ** 53n + 1n, maxU64 - 1n, maxU64];

const universes: Readonly<Record<string, readonly Position[]>> = {
  blocks: edges.map((slot) => ({ kind: 'block', slot })),
  attestations: edges.flatMap((source) =>
    edges
      .filter((target) => target >= source)
      .map((target) => ({ kind: 'attestation' as const, source, target })),
  ),
  'heights, rounds and steps': edges.flatMap((height) =>
    [0, 1, maxRound].flatMap((round) =>
      [0, 1, maxStep].map((step) => ({ kind: 'heightRoundStep' as const, height, round, step })),
    ),
  ),
};

/** A claim of one of two contents, or a floor. */
interface Event {
  readonly position: Position;
  readonly content: 1 | 2 | 'floor';
}

/**
 * What has to come of a claim after one event, written without the code under test: numbers by
 * which all of a position has to be larger, and some of it at least as large.
 */
function expected(before: Event, next: Event): string {
  const [was, is] = [numbersOf(before.position), numbersOf(next.position)];
  const isAbove = is.strictly > was.strictly && is.atLeast >= was.atLeast;
  if (isAbove) return 'sign';
  const isSame = is.strictly === was.strictly && is.atLeast === was.atLeast;
  if (!isSame || before.content === 'floor') return 'notNewer';
  return before.content === next.content ? 'sign' : 'otherDigest';
}

function numbersOf(position: Position): { readonly strictly: bigint; readonly atLeast: bigint } {
  switch (position.kind) {
    case 'block':
      return { strictly: position.slot, atLeast: 0n };
    case 'attestation':
      return { strictly: position.target, atLeast: position.source };
    case 'heightRoundStep': {
      const { height, round, step } = position;
      return { strictly: (height << 40n) + BigInt(round) * 256n + BigInt(step), atLeast: 0n };
    }
  }
}

function happens(table: ClaimsTable, { position, content }: Event): ClaimsResult {
  if (content === 'floor') {
    const key = keyOf('validator');
    return table.raiseFloor({ kind: 'raiseFloor', key, position, generation: 0 });
  }
  const command = claimOf(position, content);
  assert.ok(command.kind === 'claim');
  return table.claim(command);
}

function told(result: ClaimsResult): string {
  return result.kind === 'refused' ? result.reason : result.kind;
}

describe('every claim after every other, or after a floor', () => {
  for (const [name, positions] of Object.entries(universes)) {
    it(`is answered as it has to be (${name})`, () => {
      for (const before of eventsAt(positions, [1, 'floor'])) {
        for (const next of eventsAt(positions, [1, 2])) {
          const table = new ClaimsTable();
          happens(table, before);
          const result = happens(table, next);
          const should = expected(before, next);
          assert.equal(told(result), should, shown(before, next));
          // Refused, it has changed nothing; taken, it is what the next is measured by.
          const last = should === 'sign' ? next : before;
          const { block, attestation, heightRoundStep } = watermarksOf(table);
          const watermark = block ?? attestation ?? heightRoundStep;
          assert.deepEqual(watermark?.position, last.position, shown(before, next));
          assert.equal(watermark?.digest?.[0] ?? 'floor', last.content, shown(before, next));
        }
      }
    });
  }

  it('is repeated after a floor only where nothing behind the floor can contradict it', () => {
    for (const positions of Object.values(universes)) {
      for (const claimed of eventsAt(positions, [1])) {
        for (const floor of eventsAt(positions, ['floor'])) {
          const table = new ClaimsTable();
          happens(table, claimed);
          happens(table, floor);
          const stays = expected(floor, claimed) === 'sign';
          const answer = told(happens(table, claimed));
          assert.equal(answer, stays ? 'sign' : 'notNewer', shown(claimed, floor));
        }
      }
    }
  });

  it('takes a signature only for what was claimed, at its very position', () => {
    for (const positions of Object.values(universes)) {
      for (const claimed of eventsAt(positions, [1, 'floor'])) {
        for (const { position, content } of eventsAt(positions, [1, 2])) {
          const table = new ClaimsTable();
          happens(table, claimed);
          const [key, digest] = [keyOf('validator'), digestOf(Number(content))];
          const signature = new Uint8Array([1]);
          const result = table.stored({ kind: 'stored', key, position, digest, signature });
          const isClaimed = claimed.position === position && claimed.content === content;
          assert.equal(result.kind, isClaimed ? 'stored' : 'notStored');
        }
      }
    }
  });
});

function watermarksOf(table: ClaimsTable) {
  const known = table.of(keyOf('validator'));
  assert.ok(known !== null);
  return known.watermarks;
}

function eventsAt(positions: readonly Position[], contents: readonly Event['content'][]): Event[] {
  return positions.flatMap((position) => contents.map((content) => ({ position, content })));
}

function shown(...events: readonly Event[]): string {
  return events.map(({ position, content }) => `${Object.values(position)}: ${content}`).join(', ');
}

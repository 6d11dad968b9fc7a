import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClaimsTable } from '../../src/core/claims/claims-table.ts';
import {
  highestOf,
  isNewer,
  isSamePosition,
  type Position,
} from '../../src/core/claims/position.ts';
import { attestation, block, claimOf, keyOf, vote } from './drawn.ts';
import { contradiction, isSlashable, type Released } from './slashing-oracle.ts';

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

const blocks = upTo(4).map(block);
const attestations = upTo(5).flatMap((source) =>
  upTo(5)
    .filter((target) => target >= source)
    .map((target) => attestation(source, target)),
);
const votes = upTo(2).flatMap((height) =>
  upTo(2).flatMap((round) => upTo(2).map((step) => vote(height, round, step))),
);
const kinds = { block: blocks, attestation: attestations, 'height, round, step': votes };

/** All sequences of `length` claims on `positions`, each with one of two contents. */
function* sequences(positions: readonly Position[], length: number): Iterable<Released[]> {
  if (length === 0) {
    yield [];
    return;
  }
  for (const rest of sequences(positions, length - 1)) {
    for (const position of positions) {
      for (const content of ['1', '2']) yield [...rest, { position, content }];
    }
  }
}

/** What comes of claims, one after the other, when all that may be signed is signed. */
function release(
  claims: readonly Released[],
  maySign: (claim: Released) => boolean,
): readonly Released[] {
  return claims.filter(maySign);
}

function tableRule(): (claim: Released) => boolean {
  const table = new ClaimsTable();
  return ({ position, content }) => {
    const command = claimOf(position, Number(content));
    assert.ok(command.kind === 'claim');
    return table.claim(command).kind !== 'refused';
  };
}

/** A rule that keeps one watermark and takes whatever `isAbove` it. */
function watermarkRule(
  isAbove: (watermark: Position, next: Position) => boolean,
): (claim: Released) => boolean {
  let last: Released | null = null;
  return (claim) => {
    const isRepeated =
      last?.content === claim.content && isSamePosition(last.position, claim.position);
    if (isRepeated) return true;
    if (last !== null && !isAbove(last.position, claim.position)) return false;
    last = claim;
    return true;
  };
}

function firstContradiction(
  positions: readonly Position[],
  length: number,
  rule: () => (claim: Released) => boolean,
): readonly [Released, Released] | null {
  for (const claims of sequences(positions, length)) {
    const found = contradiction(release(claims, rule()));
    if (found !== null) return found;
  }
  return null;
}

describe('the rules of claims', () => {
  for (const [name, positions] of Object.entries(kinds)) {
    it(`let no three claims (${name}) contradict each other, whatever they are`, () => {
      assert.equal(firstContradiction(positions, 3, tableRule), null);
    });
  }

  it('let no four claims on few positions contradict each other', () => {
    const few = attestations.filter((one) => one.kind === 'attestation' && one.target < 3n);
    assert.equal(firstContradiction(few, 4, tableRule), null);
    assert.equal(firstContradiction(blocks.slice(0, 3), 4, tableRule), null);
    assert.equal(firstContradiction(votes.slice(2, 6), 4, tableRule), null);
  });

  it('are the only ones of those that come to mind that do', () => {
    const parts = (one: Position): [bigint, bigint] => {
      assert.ok(one.kind === 'attestation');
      return [one.source, one.target];
    };
    const lexicographic = watermarkRule.bind(null, (watermark, next) => {
      const [[s, t], [source, target]] = [parts(watermark), parts(next)];
      return source > s || (source === s && target > t);
    });
    const targetOnly = watermarkRule.bind(null, (watermark, next) => {
      return parts(next)[1] > parts(watermark)[1];
    });
    const neitherDown = watermarkRule.bind(null, (watermark, next) => {
      const [[s, t], [source, target]] = [parts(watermark), parts(next)];
      return source >= s && target >= t;
    });
    for (const wrong of [lexicographic, targetOnly, neitherDown]) {
      assert.notEqual(firstContradiction(attestations, 2, wrong), null);
    }
    const ours = watermarkRule.bind(null, isNewer);
    assert.equal(firstContradiction(attestations, 3, ours), null);
  });

  it('take what surrounds, and what is surrounded, for no progress', () => {
    assert.ok(!isNewer(attestation(5, 10), attestation(6, 9)));
    assert.ok(!isNewer(attestation(5, 10), attestation(4, 11)));
    assert.ok(!isNewer(attestation(5, 10), attestation(6, 10)));
    assert.ok(isNewer(attestation(5, 10), attestation(5, 11)));
    assert.ok(isNewer(attestation(5, 10), attestation(10, 11)));
  });

  it('let nothing be signed that contradicts what a floor says was signed elsewhere', () => {
    for (const positions of [blocks, attestations, votes]) {
      for (const events of sequences([...positions], 2)) {
        for (const floor of positions) afterFloor(events, floor);
      }
    }
  });

  it('refuse nothing that a signer who goes forward asks for', () => {
    for (const positions of Object.values(kinds)) {
      for (const earlier of positions) {
        for (const later of positions) {
          if (!isForward(earlier, later)) continue;
          const rule = tableRule();
          assert.ok(rule({ position: earlier, content: '1' }));
          assert.ok(rule({ position: later, content: '2' }), 'a later one is taken');
        }
      }
    }
  });

  it('take the highest of two for what refuses all that either does', () => {
    for (const positions of Object.values(kinds)) {
      for (const one of positions) {
        for (const other of positions) {
          const highest = highestOf(one, other);
          for (const next of positions) {
            const isAboveBoth = isNewer(one, next) && isNewer(other, next);
            assert.equal(isNewer(highest, next), isAboveBoth);
          }
        }
      }
    }
  });

  it('keep keys and kinds apart', () => {
    const table = new ClaimsTable();
    const claims = [block(9), attestation(8, 9), vote(9, 0, 0)];
    for (const name of ['a', 'b']) {
      for (const position of claims) {
        const command = { ...claimOf(position, 1), key: keyOf(name) };
        assert.ok(command.kind === 'claim');
        assert.equal(table.claim(command).kind, 'sign');
      }
    }
  });
});

/** The floor is given before, between and after two claims, and each claim is repeated after it. */
function afterFloor(events: readonly Released[], floor: Position): void {
  const elsewhere = { position: floor, content: 'elsewhere' };
  for (let at = 0; at <= events.length; at++) {
    const table = new ClaimsTable();
    const maySign = ({ position, content }: Released): boolean => {
      const command = claimOf(position, Number(content));
      return command.kind === 'claim' && table.claim(command).kind !== 'refused';
    };
    for (const event of events.slice(0, at)) maySign(event);
    const key = keyOf('validator');
    table.raiseFloor({ kind: 'raiseFloor', key, position: floor, generation: 0 });
    for (const event of [...events, ...events]) {
      if (!maySign(event)) continue;
      assert.ok(!isSlashable(elsewhere, event), 'what was signed elsewhere is not contradicted');
    }
  }
}

/** Written without the rule under test: each number on its own. */
function isForward(earlier: Position, later: Position): boolean {
  if (earlier.kind === 'block' && later.kind === 'block') return later.slot > earlier.slot;
  if (earlier.kind === 'attestation' && later.kind === 'attestation') {
    return later.target > earlier.target && later.source >= earlier.source;
  }
  if (earlier.kind !== 'heightRoundStep' || later.kind !== 'heightRoundStep') return false;
  const numberOf = (one: typeof later): number =>
    Number(one.height) * 100 + one.round * 10 + one.step;
  return numberOf(later) > numberOf(earlier);
}

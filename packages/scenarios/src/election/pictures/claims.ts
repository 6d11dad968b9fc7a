import type { SimulatedNode } from '@quorate/sim';
import type { Picture } from './picture.ts';
import type { PictureStage } from './picture-stage.ts';

function lastToken(stage: PictureStage): bigint {
  return stage.checker.history.at(-1)?.token ?? 0n;
}

export const crashBetweenClaimAndSign: Picture = {
  name: 'crash-between-claim-and-sign',
  shows: 'a leader claims a slot and dies before it signs: nobody else may sign that slot',
  setting: { nodes: 3, claims: true },
  catches: ['any-digest-at-a-position'],
  play(stage) {
    const old = stage.beginWithLeader();
    const oldToken = lastToken(stage);
    const claimed = stage.claim(old, 7, 'by the first', oldToken);
    stage.expect(claimed.kind === 'sign', 'the first may sign slot 7');
    stage.losePower(old);
    const next = stage.awaitLeader(old);
    const refused = stage.claim(next, 7, 'by the second', lastToken(stage));
    stage.expect(refused.kind === 'refused', 'the second may not sign slot 7');
    const goesOn = stage.claim(next, 8, 'by the second', lastToken(stage));
    stage.expect(goesOn.kind === 'sign', 'the second may sign slot 8');
    stage.start(old);
    const late = stage.claim(old, 8, 'by the first', oldToken);
    stage.expect(late.kind === 'refused', 'the first may not sign slot 8');
    return `slot 7 of node ${old.id} was missed, node ${next.id} signs from slot 8 on`;
  },
};

export const twoBelievers: Picture = {
  name: 'two-believers',
  shows: 'a clock runs at a fifth of its rate, so two lead at once: no slot is given to both',
  setting: { nodes: 3, claims: true, mayOverlap: true },
  catches: ['any-digest-at-a-position'],
  play(stage) {
    const old = stage.beginWithLeader();
    const oldToken = lastToken(stage);
    old.world.setClockRate(0.2);
    // Only the election does not reach it; its claims do arrive.
    stage.gate.hold(({ from, to }) => from === old.id || to === old.id);
    const isNext = (): SimulatedNode | undefined =>
      stage.others(old).find((node) => stage.candidate(node).isLeader());
    stage.until('another leads', () => isNext() !== undefined);
    const next = isNext() as SimulatedNode;
    stage.expect(stage.candidate(old).isLeader(), 'the old leader believes it, too');
    let granted = 0;
    let refused = 0;
    for (let slot = 1; slot <= 10; slot++) {
      // The old one is always the first to ask, until its token is known to be old.
      for (const [node, token] of [
        [old, oldToken],
        [next, lastToken(stage)],
      ] as const) {
        const answer = stage.claim(node, slot, `by node ${node.id}`, token);
        if (answer.kind === 'sign') granted += 1;
        else refused += 1;
      }
    }
    stage.run(100);
    stage.expect(stage.checker.overlaps > 0, 'the checker saw two leaders');
    stage.expect(granted === 10 && refused === 10, 'each slot is given to one of them');
    return `nodes ${old.id} and ${next.id} both led; of 10 slots each was given to one`;
  },
};

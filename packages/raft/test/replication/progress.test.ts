import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Progress } from '../../src/replication/progress.ts';

const maxMessages = 3;
const maxBytes = 1000;

function fresh(nextIndex = 11): Progress {
  return new Progress(nextIndex, 0, {
    maxInflightMessages: maxMessages,
    maxInflightBytes: maxBytes,
  });
}

/** Agrees with the leader up to `matchIndex`. */
function replicating(matchIndex: number): Progress {
  const progress = fresh(matchIndex + 1);
  progress.acknowledged(matchIndex, 0);
  return progress;
}

describe('a follower in probe', () => {
  it('gets one message, then nothing until it answers', () => {
    const progress = fresh();
    assert.equal(progress.paused, false);
    assert.equal(progress.witness, false);
    progress.sent(12, 100, 0);
    assert.equal(progress.paused, true);
    assert.equal(progress.nextIndex, 11, 'what a probe carried may have to be sent again');
  });

  it('replicates once it agrees', () => {
    const progress = fresh();
    progress.sent(12, 100, 0);
    assert.equal(progress.acknowledged(12, 5), true);
    assert.equal(progress.state, 'replicate');
    assert.equal(progress.matchIndex, 12);
    assert.equal(progress.nextIndex, 13);
    assert.equal(progress.lastAnswerMs, 5);
  });

  it('goes back to where the logs may agree, and probes again', () => {
    const progress = fresh();
    progress.sent(12, 100, 0);
    assert.equal(progress.refused(10, 4), true);
    assert.equal(progress.nextIndex, 5);
    assert.equal(progress.paused, false);
  });

  it('goes back by at least one, whatever the refusal says', () => {
    const progress = fresh();
    assert.equal(progress.refused(10, 10), true);
    assert.equal(progress.nextIndex, 10);
  });

  it('is not moved by a refusal of another message (bug 24)', () => {
    const progress = fresh();
    progress.sent(12, 100, 0);
    assert.equal(progress.refused(7, 3), false);
    assert.equal(progress.nextIndex, 11);
    assert.equal(progress.paused, true);
  });

  it('never goes back to what it has acknowledged (bug 29)', () => {
    const progress = replicating(10);
    progress.becomeProbe();
    progress.refused(10, 2);
    assert.equal(progress.nextIndex, 11);
    assert.ok(progress.nextIndex > progress.matchIndex);
  });

  it('that refuses what it has acknowledged has lost it, and is not asked again at once', () => {
    const progress = replicating(10);
    progress.becomeProbe();
    progress.sent(12, 100, 0);
    assert.equal(progress.refused(10, 2), false);
    assert.equal(progress.regressed, true);
    assert.equal(progress.paused, true);
    progress.acknowledged(10, 5);
    assert.equal(progress.regressed, false);
  });

  it('keeps the position that was agreed on when less is durable there', () => {
    const progress = fresh(21);
    progress.acknowledged(5, 0);
    assert.equal(progress.state, 'replicate');
    assert.equal(progress.matchIndex, 5);
    assert.equal(progress.nextIndex, 21);
  });
});

describe('a follower in replicate', () => {
  it('gets a pipeline until too many messages are unanswered', () => {
    const progress = replicating(10);
    for (const index of [11, 12, 13]) {
      assert.equal(progress.paused, false);
      progress.sent(index, 10, 0);
    }
    assert.equal(progress.paused, true);
    assert.equal(progress.nextIndex, 14);
    assert.equal(progress.acknowledged(12, 1), true);
    assert.equal(progress.acknowledged(12, 1), false, 'nothing new');
    assert.equal(progress.paused, false);
    assert.equal(progress.inflights.count, 1, 'the third is unanswered still');
  });

  it('or too many bytes', () => {
    const progress = replicating(10);
    progress.sent(20, maxBytes, 0);
    assert.equal(progress.paused, true);
  });

  it('counts nothing twice: an old answer tells nothing new (bug 5)', () => {
    const progress = replicating(10);
    progress.sent(14, 10, 0);
    progress.acknowledged(14, 1);
    assert.equal(progress.acknowledged(12, 2), false);
    assert.equal(progress.matchIndex, 14);
    assert.equal(progress.nextIndex, 15);
  });

  it('skips what was acknowledged before it was sent', () => {
    const progress = replicating(10);
    assert.equal(progress.acknowledged(30, 0), true);
    assert.equal(progress.nextIndex, 31);
  });

  it('probes from what it has when it refuses', () => {
    const progress = replicating(10);
    progress.sent(15, 10, 0);
    assert.equal(progress.refused(15, 12), true);
    assert.equal(progress.state, 'probe');
    assert.equal(progress.nextIndex, 11);
    assert.equal(progress.inflights.count, 0);
  });

  it('is not moved by a refusal of what it has acknowledged since (bugs 5, 24)', () => {
    const progress = replicating(10);
    progress.sent(15, 10, 0);
    assert.equal(progress.refused(10, 3), false);
    assert.equal(progress.state, 'replicate');
    assert.equal(progress.nextIndex, 16);
  });

  it('dates the debt from the first message that waits for an answer', () => {
    const progress = replicating(10);
    progress.sent(11, 10, 100);
    progress.sent(12, 10, 200);
    assert.equal(progress.lastAnswerMs, 100);
  });
});

describe('a follower that gets a snapshot', () => {
  it('gets nothing else', () => {
    const progress = replicating(3);
    progress.becomeSnapshot(20);
    assert.equal(progress.paused, true);
    assert.throws(() => progress.sent(21, 10, 0), /probe and replicate only/);
    assert.equal(progress.refused(15, 3), false);
    const behind = fresh(11);
    behind.becomeSnapshot(20);
    assert.equal(behind.refused(10, 3), false);
    assert.equal(behind.nextIndex, 11);
  });

  it('replicates from behind it once it has acknowledged it', () => {
    const progress = replicating(3);
    progress.becomeSnapshot(20);
    progress.acknowledged(10, 0);
    assert.equal(progress.state, 'snapshot');
    progress.acknowledged(20, 0);
    assert.equal(progress.state, 'replicate');
    assert.equal(progress.nextIndex, 21);
  });

  it('is probed behind it when the transfer ends', () => {
    const progress = replicating(3);
    progress.becomeSnapshot(20);
    progress.becomeProbe();
    assert.equal(progress.nextIndex, 21);
    assert.equal(progress.matchIndex, 3);
    assert.equal(progress.paused, false);
  });

  it('is probed from before it when it turns out not to have it', () => {
    const progress = replicating(3);
    progress.becomeSnapshot(20);
    progress.becomeProbe();
    progress.refused(20, 3);
    assert.equal(progress.nextIndex, 4);
  });
});

describe('the process behind a follower', () => {
  it('is the one that answered the newest round', () => {
    const progress = replicating(4);
    progress.heardOfLife(7, 5);
    progress.heardOfLife(6, 4);
    assert.equal(progress.life, 7);
    progress.heardOfLife(8, 5);
    assert.equal(progress.life, 8);
  });

  it('compares its log anew when it is another, in the midst of the pipeline only', () => {
    const progress = replicating(4);
    progress.heardOfLife(7, 1);
    assert.equal(progress.state, 'replicate', 'nobody knows whose log was compared');
    progress.comparedBy(7);
    progress.heardOfLife(7, 2);
    assert.equal(progress.state, 'replicate');
    progress.heardOfLife(8, 3);
    assert.equal(progress.state, 'probe');
    progress.nextIndex = 3;
    progress.heardOfLife(9, 4);
    assert.equal(progress.nextIndex, 3, 'a probe is under way already');
    progress.becomeSnapshot(20);
    progress.heardOfLife(10, 5);
    assert.equal(progress.state, 'snapshot');
  });

  it('of an answer is outdated unless it is known to have come after the damage', () => {
    const progress = replicating(4);
    assert.equal(progress.isOutdated(3), false, 'nothing was damaged');
    progress.heardOfLife(3, 9);
    progress.beginsRepair(0, 5, 10);
    assert.equal(progress.isOutdated(5), false);
    assert.equal(progress.isOutdated(3), true);
    progress.heardOfLife(6, 10);
    assert.equal(progress.isOutdated(6), true, 'that round had begun before');
    progress.heardOfLife(6, 11);
    assert.equal(progress.isOutdated(6), false);
    assert.equal(progress.isOutdated(7), true);
  });

  it('repairs anew when it is not the one that is known to', () => {
    const progress = replicating(4);
    assert.equal(progress.isNewRepair(0), true);
    progress.beginsRepair(0, 5, 10);
    assert.equal(progress.isNewRepair(5), false);
    assert.equal(progress.isNewRepair(6), true);
  });
});

describe('a round of catching up', () => {
  it('is short when it took less than the limit, and no less than that', () => {
    const progress = replicating(4);
    assert.equal(progress.roundEnded(4, 0, 100), false, 'the first only begins');
    assert.equal(progress.roundEnded(4, 100, 100), false);
    assert.equal(progress.roundEnded(4, 199, 100), true);
  });
});

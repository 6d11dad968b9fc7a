import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PeerMessage } from '@quorate/schema';
import { codeOf, group, ProcessGroup } from './support/process-group.ts';

const carriesEntries = (message: PeerMessage): boolean =>
  message.type === 'AppendEntries' && message.entries.length > 0;

describe('a proposal made at a follower', () => {
  it('is applied once, and answered with the result of its own state machine', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    const outcome = follower.propose('a');
    processes.run(50);
    assert.equal(outcome.calls, 1);
    assert.equal(outcome.result, `a@${outcome.index}`);
    assert.deepEqual(leader.machine.commands, ['a']);
    assert.equal(processes.sent('Forward'), 1);
  });

  it('goes in one message with others that arrived with it', () => {
    const processes = new ProcessGroup(3);
    const [follower] = processes.followers(processes.elect());
    for (let i = 0; i < 20; i++) follower.propose(`${i}`);
    processes.run(50);
    assert.equal(processes.sent('Forward'), 1);
    assert.equal(follower.machine.commands.length, 20);
  });

  it('is not appended for a node that is no member', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const forward = {
      type: 'Forward',
      from: 9,
      to: leader.id,
      term: leader.handle.status().term,
    } as const;
    const commands = [new TextEncoder().encode('a')];
    const message: PeerMessage = { ...forward, request: 7, commands };
    processes.board.inject({ from: 9, to: leader.id, group, message });
    processes.run(50);
    assert.deepEqual(leader.machine.commands, []);
  });

  it('has an unknown outcome when the link is lost before the answer', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    processes.board.arrives = ({ message }) => message.type !== 'ForwardResponse';
    const outcome = follower.propose('a');
    processes.run(5);
    processes.board.cut(leader.id, follower.id);
    processes.run(5);
    assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
    assert.deepEqual(outcome.error?.metadata, { reason: 'linkLost' });
    processes.board.heal();
    processes.run(5000);
    assert.equal(outcome.calls, 1);
    assert.equal(processes.sent('Forward'), 1, 'it is never sent again');
    assert.deepEqual(leader.machine.commands, ['a']);
  });

  it('has an unknown outcome when its entry was applied before the answer came', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    const late: Parameters<typeof processes.board.inject>[0][] = [];
    processes.board.arrives = (passing) => {
      if (passing.message.type !== 'ForwardResponse') return true;
      late.push(passing);
      return false;
    };
    const outcome = follower.propose('a');
    processes.run(300);
    assert.deepEqual(follower.machine.commands, ['a']);
    assert.equal(outcome.calls, 0);
    for (const passing of late) processes.board.inject(passing);
    processes.run(5);
    assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
    assert.equal(outcome.calls, 1);
  });

  it('has an unknown outcome when the answer never comes', () => {
    const processes = new ProcessGroup(3);
    const [follower] = processes.followers(processes.elect());
    processes.board.arrives = ({ message }) => message.type !== 'ForwardResponse';
    const outcome = follower.propose('a');
    processes.run(processes.tuning.requestTimeoutMs + 600);
    assert.equal(codeOf(outcome), 'RUNTIME_OUTCOME_UNKNOWN');
    assert.deepEqual(outcome.error?.metadata, { reason: 'timeout' });
    assert.equal(outcome.calls, 1);
  });

  it('is answered once there is a link for the answer', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    processes.board.mute(leader.id, follower.id);
    const outcome = follower.propose('a');
    processes.run(100);
    assert.deepEqual(leader.machine.commands, ['a']);
    assert.equal(outcome.calls, 0);
    processes.board.unmute(leader.id, follower.id);
    processes.run(150);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.result, `a@${outcome.index}`);
    assert.equal(outcome.calls, 1);
    assert.equal(processes.sent('Forward'), 1);
    assert.deepEqual(leader.machine.commands, ['a']);
  });

  it('is answered once the link has room for the answer', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    processes.board.takes = ({ to }) => to !== follower.id;
    const outcome = follower.propose('a');
    processes.run(100);
    assert.equal(outcome.calls, 0);
    processes.board.takes = () => true;
    processes.run(300);
    assert.equal(outcome.result, `a@${outcome.index}`);
    assert.equal(outcome.calls, 1);
  });

  it('is refused, with nothing sent, when the link takes no more', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    processes.board.takes = ({ message }) => message.type !== 'Forward';
    const outcome = follower.propose('a');
    processes.run(5);
    assert.equal(codeOf(outcome), 'RUNTIME_OVERLOADED');
    processes.run(1000);
    assert.deepEqual(leader.machine.commands, []);
  });

  it('waits for a link to the leader', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    processes.board.cut(leader.id, follower.id);
    const outcome = follower.propose('a');
    processes.run(500);
    assert.equal(outcome.calls, 0);
    processes.board.heal();
    processes.run(100);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.calls, 1);
  });

  it('is handed on anew when the one it went to does not lead: nothing was appended', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    let refused = 0;
    processes.board.arrives = (passing) => {
      const { message, from, to } = passing;
      if (message.type !== 'Forward' || refused > 0) return true;
      refused += 1;
      const answer = { type: 'ForwardResponse', from: to, to: from, term: message.term } as const;
      const { request } = message;
      const rest = { request, outcome: 'notLeader', firstIndex: 0, entryTerm: 0 } as const;
      processes.board.inject({ from: to, to: from, group, message: { ...answer, ...rest } });
      return false;
    };
    const outcome = follower.propose('a');
    processes.run(1000);
    assert.equal(codeOf(outcome), null);
    assert.equal(outcome.calls, 1);
    assert.deepEqual(leader.machine.commands, ['a']);
  });

  it('is not handed to a leader that refuses at the speed of the network', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    leader.log.held = true;
    leader.propose('keeps the leader from closing at once');
    processes.run(5);
    leader.runtime.stop(() => undefined);
    follower.propose('a');
    processes.run(500);
    assert.ok(processes.sent('Forward') <= 10, `${processes.sent('Forward')} times in 500 ms`);
  });

  it('too large for the leader is refused there', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    const message = {
      type: 'Forward',
      from: follower.id,
      to: leader.id,
      term: 1,
      request: 77,
      commands: [new Uint8Array(5000)],
    } as const;
    processes.board.inject({ from: follower.id, to: leader.id, group, message });
    processes.run(5);
    const answer = processes.board.passed.findLast((p) => p.message.type === 'ForwardResponse');
    assert.equal(
      answer?.message.type === 'ForwardResponse' && answer.message.outcome,
      'overloaded',
    );
    assert.deepEqual(leader.machine.commands, []);
  });
});

describe('a proposal that was overwritten', () => {
  it('is told that it never happens once another entry is committed in its place', () => {
    const processes = new ProcessGroup(3);
    const old = processes.elect();
    const [a, b] = processes.followers(old);
    processes.board.cut(old.id, a.id);
    processes.board.cut(old.id, b.id);
    const outcome = old.propose('lost');
    processes.run(3500);
    const next = [a, b].find(({ handle }) => handle.status().role === 'leader');
    next?.propose('kept');
    processes.run(50);
    processes.board.heal();
    processes.run(400);
    assert.equal(codeOf(outcome), 'RUNTIME_PROPOSAL_LOST');
    for (const { machine } of [old, a, b]) assert.deepEqual(machine.commands, ['kept']);
  });

  it('is told so too when nobody writes in its place any more', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 60_000 });
    const old = processes.elect();
    const others = processes.followers(old);
    for (const { id } of others) processes.board.cut(old.id, id);
    // The entry with which the next leader begins its term stands where the first one stood.
    const outcomes = ['a', 'b', 'c'].map((text) => old.propose(text));
    processes.run(5000);
    assert.ok(others.some(({ handle }) => handle.status().role === 'leader'));
    assert.deepEqual(outcomes.map(codeOf), [null, null, null]);
    processes.board.heal();
    processes.run(400);
    for (const outcome of outcomes) {
      assert.equal(codeOf(outcome), 'RUNTIME_PROPOSAL_LOST');
      assert.equal(outcome.calls, 1);
    }
    for (const { machine } of [old, ...others]) assert.deepEqual(machine.commands, []);
  });

  it('is told so at a follower too, whether it knows its place already or not', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 60_000 });
    const old = processes.elect();
    const [asker, other] = processes.followers(old);
    const late: Parameters<typeof processes.board.inject>[0][] = [];
    processes.board.arrives = ({ message }) => !carriesEntries(message);
    const placed = ['a', 'b'].map((text) => asker.propose(text));
    processes.run(10);
    processes.board.arrives = (passing) => {
      if (passing.message.type === 'ForwardResponse') late.push(passing);
      return passing.message.type !== 'ForwardResponse' && !carriesEntries(passing.message);
    };
    const unplaced = ['c', 'd'].map((text) => asker.propose(text));
    processes.run(10);
    assert.equal(late.length, 1);
    // The link from the asker stays, or it would call them unknown at once.
    processes.board.arrives = ({ from, to }) => from !== old.id && to !== old.id;
    processes.run(5000);
    assert.ok([asker, other].some(({ handle }) => handle.status().role === 'leader'));
    assert.deepEqual(placed.map(codeOf), ['RUNTIME_PROPOSAL_LOST', 'RUNTIME_PROPOSAL_LOST']);
    assert.deepEqual(unplaced.map(codeOf), [null, null]);
    for (const passing of late) processes.board.inject(passing);
    assert.deepEqual(unplaced.map(codeOf), ['RUNTIME_PROPOSAL_LOST', 'RUNTIME_PROPOSAL_LOST']);
    processes.board.arrives = () => true;
    processes.run(3000);
    for (const { calls } of [...placed, ...unplaced]) assert.equal(calls, 1);
    for (const { machine } of [old, asker, other]) assert.deepEqual(machine.commands, []);
  });

  it('is not told so while it may still be committed', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 60_000 });
    const old = processes.elect();
    const [asker, other] = processes.followers(old);
    // Node `old` takes two proposals that nobody else has.
    processes.board.arrives = ({ message }) => !carriesEntries(message);
    asker.propose('first');
    const outcome = asker.propose('second');
    processes.run(10);
    processes.board.cut(old.id, asker.id);
    processes.board.cut(old.id, other.id);
    processes.run(4000);
    const between = [asker, other].find(({ handle }) => handle.status().role === 'leader');
    assert.ok(between !== undefined, 'the others have elected one of them');
    // Its log has the same indexes, in a later term, on its own disk alone.
    asker.propose('third');
    processes.run(10);
    processes.board.heal();
    for (const { id } of [old, asker, other]) {
      if (id !== between.id) processes.board.cut(between.id, id);
    }
    processes.board.arrives = () => true;
    processes.run(8000);
    processes.board.heal();
    processes.run(3000);
    assert.deepEqual(old.machine.commands.slice(0, 2), ['first', 'second']);
    assert.notEqual(codeOf(outcome), 'RUNTIME_PROPOSAL_LOST', 'it was applied');
    assert.equal(outcome.calls, 1);
  });
});

describe('after a restart', () => {
  it('an answer to the life before is not taken for one to this life', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [{ id }] = processes.followers(leader);
    const late: Parameters<typeof processes.board.inject>[0][] = [];
    processes.board.arrives = (passing) => {
      if (passing.to === id && carriesEntries(passing.message)) return false;
      if (passing.message.type !== 'ForwardResponse') return true;
      late.push(passing);
      return false;
    };
    processes.get(id).propose('of the life before');
    processes.run(10);
    processes.kill(id);
    const again = processes.start(id);
    processes.run(300);
    // The new proposal gets lost on its way, and the old answer comes.
    processes.board.arrives = ({ to, message }) =>
      message.type !== 'Forward' && !(to === id && carriesEntries(message));
    const outcome = again.propose('of this life');
    processes.run(10);
    for (const passing of late) processes.board.inject(passing);
    processes.board.arrives = ({ message }) => message.type !== 'Forward';
    processes.run(1000);
    assert.deepEqual(again.machine.commands, ['of the life before']);
    assert.ok(
      outcome.error !== null || outcome.calls === 0,
      `answered with the result of another proposal: ${outcome.result}`,
    );
  });
});

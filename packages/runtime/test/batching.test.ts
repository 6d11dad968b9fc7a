import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, ProcessGroup } from './support/process-group.ts';

describe('proposals that arrive together', () => {
  it('are one submission to the log and few batches to the state machine', () => {
    const processes = new ProcessGroup(1);
    const leader = processes.elect();
    const before = leader.log.submitted.length;
    const batches = leader.machine.batches.length;
    const outcomes = Array.from({ length: 50 }, (_, i) => leader.propose(`p${i}`));
    assert.equal(leader.log.submitted.length, before, 'nothing happens inside the call');
    processes.run(100);
    const submitted = leader.log.submitted.slice(before).filter(([write]) => write?.entries.length);
    assert.equal(submitted.length, 1);
    assert.equal(submitted[0]?.[0]?.entries.length, 50);
    assert.deepEqual(leader.machine.batches.slice(batches), [2, 4, 8, 16, 16, 4]);
    outcomes.forEach(({ calls, result, index }, i) => {
      assert.equal(calls, 1);
      assert.equal(result, `p${i}@${index}`);
    });
  });

  it('share the next submission while one is on its way to the disk', () => {
    const processes = new ProcessGroup(1);
    const leader = processes.elect();
    leader.log.held = true;
    const first = leader.propose('first');
    processes.run(5);
    const second = leader.propose('second');
    const third = leader.propose('third');
    processes.run(5);
    assert.deepEqual([first.calls, second.calls, third.calls], [0, 0, 0]);
    leader.log.completeAll();
    processes.run(20);
    assert.deepEqual([first.calls, second.calls, third.calls], [1, 1, 1]);
    assert.deepEqual(leader.machine.commands.slice(-3), ['first', 'second', 'third']);
  });

  it('larger in all than one message are still all applied, in order', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    const texts = Array.from({ length: 15 }, (_, i) => `${i}`.padEnd(900, 'x'));
    const outcomes = texts.map((text) => follower.propose(text));
    processes.run(500);
    assert.ok(outcomes.every((outcome) => codeOf(outcome) === null && outcome.calls === 1));
    assert.deepEqual(leader.machine.commands, texts);
    assert.deepEqual(follower.machine.commands, texts);
  });

  it('are answered on a majority, without the third', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [, absent] = processes.followers(leader);
    processes.kill(absent.id);
    const outcome = leader.propose('a');
    processes.run(50);
    assert.equal(outcome.calls, 1);
    assert.equal(codeOf(outcome), null);
  });
});

describe('a proposal', () => {
  it('too large is refused, from the event loop', () => {
    const processes = new ProcessGroup(1);
    const leader = processes.elect();
    const outcome = leader.propose('x'.repeat(1001));
    assert.equal(outcome.calls, 0);
    processes.run(1);
    assert.equal(codeOf(outcome), 'RUNTIME_COMMAND_TOO_LARGE');
    assert.deepEqual(outcome.error?.metadata, { bytes: 1001, maxBytes: 1000 });
  });

  it('is refused while too much waits to be committed, and taken afterwards', () => {
    const processes = new ProcessGroup(1, { maxUncommittedBytes: 3000 });
    const leader = processes.elect();
    leader.log.held = true;
    const first = leader.propose('x'.repeat(1000));
    processes.run(2);
    leader.propose('y'.repeat(1000));
    processes.run(2);
    const over = leader.propose('z'.repeat(1000));
    processes.run(2);
    assert.equal(codeOf(over), 'RUNTIME_OVERLOADED');
    leader.log.completeAll();
    processes.run(10);
    assert.equal(codeOf(first), null);
    const after = leader.propose('z'.repeat(1000));
    processes.run(10);
    assert.equal(codeOf(after), null);
    assert.equal(leader.machine.commands.length, 3);
  });

  it('is refused when there is no room for the log', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [follower] = processes.followers(leader);
    leader.log.writable = false;
    const here = leader.propose('a');
    const there = follower.propose('b');
    processes.run(50);
    assert.equal(codeOf(here), 'RUNTIME_STORAGE_FULL');
    assert.equal(codeOf(there), 'RUNTIME_STORAGE_FULL');
    assert.deepEqual(leader.machine.commands, []);
  });

  it('whose answer proposes again is no recursion', () => {
    const processes = new ProcessGroup(1);
    const leader = processes.elect();
    const seen: string[] = [];
    const next = (left: number): void =>
      leader.handle.propose(new TextEncoder().encode(`n${left}`), (_error, applied) => {
        seen.push(applied?.result ?? 'none');
        if (left > 0) next(left - 1);
      });
    next(200);
    processes.run(2000);
    assert.equal(seen.length, 201);
  });
});

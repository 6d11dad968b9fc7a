import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCommand, type KvCommand, KvStateMachine } from '@quorate/kv';
import { InvariantViolation } from '@quorate/sim';
import { AppliedLog } from '../../src/kv/applied-log.ts';
import { checkHistory, checkReplica } from '../../src/kv/check-history.ts';
import { type ClientWrite, History } from '../../src/kv/history.ts';
import { compareAndSetRequest, deleteRequest, putRequest } from '../../src/kv/requests.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A store that applies commands one after another, and clients that were told the truth. */
class Story {
  readonly violations: Error[] = [];
  readonly #fail = (error: Error): void => void this.violations.push(error);
  readonly history = new History(this.#fail, () => 0);
  readonly log = new AppliedLog(this.#fail);
  readonly machine = new KvStateMachine();
  #index = 0;

  /** @param told what the client hears; default: the truth */
  write(
    kind: ClientWrite['kind'],
    key: string,
    request: KvCommand,
    tag: string,
    told?: ClientWrite['outcome'],
  ): void {
    const command = encodeCommand(request);
    const index = ++this.#index;
    const entry = { index, term: 1, timestampMicros: index, command };
    const [result] = this.machine.apply([entry]);
    if (result === undefined) throw new Error('apply answers every command');
    this.log.add(1, entry, result);
    const outcome = told ?? { kind: 'done', index, result };
    this.history.writes.push({ kind, key, tag, command, outcome });
  }

  put(key: string, tag: string, told?: ClientWrite['outcome']): void {
    this.write('put', key, putRequest(bytes(key), bytes(`${tag}xx`)), tag, told);
  }

  delete(key: string, told?: ClientWrite['outcome']): void {
    this.write('delete', key, deleteRequest(bytes(key)), '', told);
  }

  get violation(): string {
    try {
      checkReplica(this.machine, checkHistory(this.history, this.log), 1);
      return this.violations[0]?.message ?? '';
    } catch (error) {
      assert.ok(error instanceof InvariantViolation);
      return error.message;
    }
  }
}

function told(): Story {
  const story = new Story();
  story.put('a', '0.1.');
  story.put('b', '1.1.', { kind: 'unknown' });
  const swap = compareAndSetRequest(bytes('a'), bytes('0.1.xx'), bytes('0.2.yy'));
  story.write('compare-and-set', 'a', swap, '0.2.');
  story.write('compare-and-set', 'a', swap, '0.2.', { kind: 'unknown' });
  story.delete('b');
  return story;
}

describe('the history of clients', () => {
  it('that is true passes', () => {
    const story = told();
    story.history.reads.push({
      key: 'a',
      revision: 4,
      found: [{ key: 'a', value: '0.2.yy', modRevision: 4 }],
    });
    story.history.reads.push({ key: null, revision: 1, found: [] });
    // The second compare-and-set carried the same command, and failed.
    assert.match(story.violation, /applied at most once/);
  });

  it('with a refused command that was applied fails', () => {
    const story = new Story();
    story.put('a', '0.1.', { kind: 'refused', code: 'RUNTIME_PROPOSAL_LOST' });
    assert.match(story.violation, /^refused writes never happen.*RUNTIME_PROPOSAL_LOST/);
  });

  it('with a refused deletion that was applied fails', () => {
    const story = new Story();
    story.put('a', '0.1.');
    story.delete('a', { kind: 'refused', code: 'RUNTIME_NO_LEADER' });
    assert.match(story.violation, /^refused writes never happen: 1 more deletions of a/);
  });

  it('without an acknowledged write fails', () => {
    const story = new Story();
    story.put('a', '0.1.');
    const [write] = story.history.writes;
    if (write?.outcome.kind === 'done') write.outcome = { ...write.outcome, index: 7 };
    assert.match(story.violation, /^acknowledged writes are kept.*index 7/);
  });

  it('with a command that nobody sent fails', () => {
    const story = new Story();
    story.put('a', '0.1.');
    story.history.writes.pop();
    assert.match(story.violation, /^no phantom.*'0\.1\.'/);
  });

  it('with a read of something else fails', () => {
    const story = new Story();
    story.put('a', '0.1.');
    story.history.reads.push({ key: 'a', revision: 2, found: [] });
    assert.match(story.violation, /^linearizability: a read of a at revision 2 found nothing/);
  });

  it('whose order is not that of real time fails', () => {
    const story = new Story();
    story.history.ended(5, 0, true);
    story.history.ended(5, 5, false);
    assert.deepEqual(story.violations, []);
    story.history.ended(4, 5, false);
    story.history.ended(5, 5, true);
    assert.equal(story.violations.length, 2);
  });
});

describe('the applied log', () => {
  it('holds every replica to the first', () => {
    const story = new Story();
    story.put('a', '0.1.');
    const entry = { index: 1, term: 1, timestampMicros: 1, command: bytes('other') };
    story.log.add(2, entry, { kind: 'put', revision: 2, previous: null });
    assert.match(story.violations[0]?.message ?? '', /^state-machine safety: nodes 1 and 2/);
    const same = { ...entry, command: story.log.at(1)?.command ?? entry.command };
    story.log.add(3, same, { kind: 'put', revision: 3, previous: null });
    assert.match(story.violations[1]?.message ?? '', /^deterministic apply/);
  });

  it('holds every result to a single copy', () => {
    const story = new Story();
    const command = encodeCommand(putRequest(bytes('a'), bytes('0.1.')));
    const entry = { index: 3, term: 1, timestampMicros: 1, command };
    story.log.add(1, entry, { kind: 'put', revision: 9, previous: null });
    assert.match(story.violation, /^applied as by a single copy: index 3/);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { temporaryDirectory } from '../node/temporary-directory.ts';
import { Candidates } from './candidates.ts';
import { cut } from './links.ts';

function check({ judge, crashes }: Candidates): void {
  assert.deepEqual([...judge.problems(), ...crashes], []);
}

describe('links between processes', { timeout: 240_000 }, () => {
  const directory = temporaryDirectory();
  // One cluster for all: what a test leaves behind, the next one has to bear.
  let candidates: Candidates;

  before(async () => {
    candidates = await Candidates.start(3, directory.path);
  });

  after(async () => {
    await candidates[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  it('of a leader may all be cut: it has lost before another leads', async () => {
    for (const kind of ['cut', 'held'] as const) {
      const { id, token } = await candidates.leader();
      const lost = candidates.next((one) => one.what === 'lost' && one.token === token);
      candidates.links.around(id, { kind, delayMs: 0 });
      const next = await candidates.acts(10, token);
      assert.notEqual(next.id, id);
      assert.equal((await lost).id, id);
      candidates.links.heal();
      // What was held comes late, and changes nothing.
      const still = await candidates.acts(50, token);
      assert.ok(still.token >= next.token);
    }
    check(candidates);
  });

  it('may be cut one way, to the leader or from it', async () => {
    for (const isFrom of [true, false]) {
      const { id, token } = await candidates.leader();
      for (const other of candidates.ids) {
        if (isFrom) candidates.links.set(id, other, cut);
        else candidates.links.set(other, id, cut);
      }
      const next = await candidates.acts(10, token);
      assert.notEqual(next.id, id);
      candidates.links.heal();
      await candidates.leader(next.token - 1n);
    }
    check(candidates);
  });

  it('of one follower may be cut or flap while another leads', async () => {
    const { id, token } = await candidates.acts(50);
    const follower = candidates.ids.find((one) => one !== id) ?? 0;
    for (let turn = 0; turn < 6; turn++) {
      candidates.links.around(follower, { kind: turn % 2 === 0 ? 'cut' : 'open', delayMs: 0 });
      const { token: later } = await candidates.acts(80);
      assert.ok(later >= token);
    }
    check(candidates);
  });

  it('may be slow, as long as an answer comes within the lease', async () => {
    const { token } = await candidates.leader();
    for (const id of candidates.ids) candidates.links.around(id, { kind: 'open', delayMs: 30 });
    await candidates.acts(100, token - 1n);
    check(candidates);
  });
});

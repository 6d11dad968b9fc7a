import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Claimants } from './claimants.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const key = 'validator';

describe('claims of processes', { timeout: 300_000 }, () => {
  for (const what of ['dieOnceClaimed', 'dieBeforeSigning'] as const) {
    it(`are for one content only, when a signer does ${what}`, async () => {
      using directory = temporaryDirectory();
      await using claimants = await Claimants.start(directory.path);
      const claimed = { key, slot: 5, content: 1 };
      const other = { ...claimed, content: 2, what: 'sign' } as const;
      await claimants.askUntilDead(1, { ...claimed, what });
      for (const id of [2, 3]) {
        assert.equal(await claimants.askUntilKnown(id, other), 'refused otherDigest');
      }
      await claimants.startOne(1);
      assert.equal(await claimants.askUntilKnown(1, other), 'refused otherDigest');
      // The same content anybody may sign. Whose signature it is depends on when it was stored.
      const same = { ...claimed, what: 'sign' } as const;
      for (const id of [2, 1, 3]) {
        assert.match(await claimants.askUntilKnown(id, same), /^signature 1 [123]$/);
      }
      for (const id of claimants.ids) {
        assert.equal(await claimants.askUntilKnown(id, other), 'refused otherDigest');
        const lower = { ...other, slot: 4, content: 1 };
        assert.equal(await claimants.askUntilKnown(id, lower), 'refused notNewer');
      }
    });
  }

  it('have one winner each, while their leaders are killed', async () => {
    using directory = temporaryDirectory();
    await using claimants = await Claimants.start(directory.path);
    const keys = Array.from({ length: 8 }, (_, at) => `validator ${at}`);
    for (let slot = 1; slot <= 4; slot++) {
      const winners = new Map<string, Set<number>>();
      const claim = async (id: number, name: string): Promise<void> => {
        const asked = { key: name, slot, content: id, what: 'claim' } as const;
        const what = await claimants.ask(id, asked);
        if (what !== 'sign' && what !== 'signed') return;
        winners.set(name, (winners.get(name) ?? new Set()).add(id));
      };
      const all = (): Promise<void>[] =>
        keys.flatMap((name) => claimants.ids.map((id) => claim(id, name)));
      const claims = all();
      // Some are answered, others are on their way.
      await Promise.race(claims);
      const { leader } = claimants;
      if (leader !== 0) await claimants.kill(leader);
      await Promise.all(claims);
      if (leader !== 0) await claimants.startOne(leader);
      // Once more: whoever got no answer gets one now, and the others the same.
      await Promise.all(all());
      for (const name of keys) {
        const content = [...(winners.get(name) ?? [])];
        assert.ok(content.length <= 1, `${name}, slot ${slot}: ${content} all have leave`);
      }
      await haveOneWinner(claimants, keys, slot);
    }
  });
});

async function haveOneWinner(
  claimants: Claimants,
  keys: readonly string[],
  slot: number,
): Promise<void> {
  for (const key of keys) {
    const asked = claimants.ids.map((content) =>
      claimants.askUntilKnown(1, { key, slot, content, what: 'claim' }),
    );
    const answers = await Promise.all(asked);
    assert.deepEqual(answers.toSorted(), ['refused otherDigest', 'refused otherDigest', 'sign']);
  }
}

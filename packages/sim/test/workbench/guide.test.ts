import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Prng } from '@quorate/base';
import { checkUnderFaults } from '../../src/index.ts';

interface RecentKeys {
  apply(command: { key: string }): { forgotten: string | null };
  query(key: string): number;
  toJSON(): unknown;
  fromJSON(state: unknown): void;
}

const page = new URL('../../../../docs/guides/simulating-your-state-machine.md', import.meta.url);

/** The state machine of the guide. @param mend changes its source */
async function guideMachine(
  context: TestContext,
  mend: (source: string) => string,
): Promise<new () => RecentKeys> {
  const [, source = ''] = /```ts\n(\/\/ recent-keys\.ts\n[\s\S]*?)```/.exec(text()) ?? [];
  const directory = mkdtempSync(join(tmpdir(), 'quorate-guide-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'recent-keys.ts');
  writeFileSync(path, mend(source));
  const module = (await import(pathToFileURL(path).href)) as { RecentKeys: new () => RecentKeys };
  return module.RecentKeys;
}

function text(): string {
  return readFileSync(page, 'utf8');
}

function check(Machine: new () => RecentKeys): void {
  checkUnderFaults({
    create: () => new Machine(),
    commands: (prng: Prng) => ({ key: String(prng.below(9)) }),
    queries: (prng) => String(prng.below(9)),
    seeds: 4,
  });
}

describe("the guide's state machine", () => {
  it('fails as the guide says', async (context) => {
    const Machine = await guideMachine(context, (source) => source);
    const sentence = /deterministic apply: node \d answered command \d+, \{"key":"\d"\}, with \{/;
    assert.match(text(), sentence);
    assert.throws(() => check(Machine), sentence);
    assert.throws(() => check(Machine), /bring back in the same order/);
  });

  it('holds when it is mended as the guide says', async (context) => {
    const mends = ['return [...this.#keys]', 'new Map(state as [string, number][])'] as const;
    for (const mend of mends) assert.ok(text().includes(`\`${mend}\``));
    const Machine = await guideMachine(context, (source) =>
      source
        .replace('return Object.fromEntries(this.#keys)', mends[0])
        .replace(/new Map\(Object\.entries\(.*\)\)/, mends[1]),
    );
    check(Machine);
  });
});

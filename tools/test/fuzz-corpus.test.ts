// Every decoder, with the inputs that were kept and a few hundred new ones.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readCorpus } from '../fuzz/corpus.ts';
import { realEnvironment } from '../fuzz/environment.ts';
import type { Finding } from '../fuzz/finding.ts';
import { corpusFolder, findFuzzers, loadFuzzer } from '../fuzz/registry.ts';
import { FuzzSession } from '../fuzz/session.ts';

const smokeInputs = 120;
const environment = realEnvironment();
const fuzzers = new Map(
  await Promise.all(
    [...findFuzzers()].map(async ([name, path]) => {
      const fuzzer = await loadFuzzer(path);
      return [name, { fuzzer, folder: corpusFolder(name, path) }] as const;
    }),
  ),
);

suite('a decoder of bytes from outside', () => {
  for (const [name, { fuzzer, folder }] of fuzzers) {
    if (fuzzer.isCanary === true) continue;
    test(`${name} deals with its corpus and with ${smokeInputs} inputs of seed 1`, () => {
      const findings: Finding[] = [];
      const found = (finding: Finding): void => void findings.push(finding);
      const session = new FuzzSession({ fuzzer, seed: 1, environment, found });
      for (const { name: file, bytes } of readCorpus(folder)) {
        session.replay(bytes);
        const [finding] = findings;
        const command = `npm run fuzz -- ${name} --replay ${folder}/${file}`;
        assert.equal(finding, undefined, `${finding?.title}\n${finding?.detail}\n${command}`);
      }
      for (let step = 0; step < smokeInputs; step++) session.step();
      const [finding] = findings;
      const command = `npm run fuzz -- ${name} 1`;
      assert.equal(finding, undefined, `${finding?.title}\n${finding?.detail}\n${command}`);
    });
  }
});

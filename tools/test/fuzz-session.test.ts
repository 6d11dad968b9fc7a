import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FuzzEnvironment, realEnvironment } from '../fuzz/environment.ts';
import type { Finding } from '../fuzz/finding.ts';
import type { Fuzzer } from '../fuzz/fuzzer.ts';
import { findFuzzers, loadFuzzer } from '../fuzz/registry.ts';
import { type FuzzReport, FuzzSession, type SessionOptions } from '../fuzz/session.ts';
import { runWatched } from '../fuzz/watched-run.ts';

class Refused extends Error {}

const innocent: Fuzzer = {
  about: 'one byte below 100, then anything',
  maxBytes: 64,
  generate: (prng) => Uint8Array.of(prng.below(100), 1, 2),
  run: (input) => {
    if ((input[0] ?? 255) >= 100) throw new Refused('the first byte is too large');
    return { accepted: true, behaviour: 'read' };
  },
  isRefusal: (error) => error instanceof Refused,
};

/** No time passes and nothing is allocated but by what a test lets happen. */
class FakeEnvironment implements FuzzEnvironment {
  clockMs = 0;
  bytes = 0;

  nowMs(): number {
    return this.clockMs;
  }

  processorMs(): number {
    return this.clockMs;
  }

  usedBytes(): number {
    return this.bytes;
  }

  collectGarbage(): void {
    // Nothing is garbage here.
  }
}

interface Run {
  readonly report: FuzzReport;
  readonly findings: Finding[];
  readonly inputs: string[];
}

function fuzz(fuzzer: Fuzzer, count: number, options: Partial<SessionOptions> = {}): Run {
  const findings: Finding[] = [];
  const inputs: string[] = [];
  const session = new FuzzSession({
    fuzzer,
    seed: 1,
    environment: new FakeEnvironment(),
    found: (finding) => findings.push(finding),
    announce: (input) => inputs.push(input.join()),
    ...options,
  });
  for (let step = 0; step < count; step++) session.step();
  return { report: session.report, findings, inputs };
}

function titles({ findings }: Run): string[] {
  return findings.map(({ title }) => title);
}

test('a decoder that keeps its word is let go', () => {
  const run = fuzz(innocent, 2000);
  assert.deepEqual(run.findings, []);
  const { inputs, accepted, rejected, behaviours } = run.report;
  assert.deepEqual([inputs, accepted + rejected, behaviours], [2000, 2000, 2]);
  assert.ok(accepted > 500 && rejected > 200, `${accepted} accepted, ${rejected} rejected`);
});

test('a seed decides every input, and another seed others', () => {
  const first = fuzz(innocent, 300);
  assert.deepEqual(fuzz(innocent, 300).inputs, first.inputs);
  assert.notDeepEqual(fuzz(innocent, 300, { seed: 2 }).inputs, first.inputs);
});

test('the planted bugs are found, each once, with a small input that shows it', async () => {
  const canary = await loadFuzzer(findFuzzers().get('canary') ?? '');
  const run = fuzz(canary, 5000);
  assert.deepEqual(titles(run).sort(), [
    'Error: decodes to something else in Object.run (tools/fuzz/canary.fuzz.ts)',
    'RangeError: read past the end in decode (tools/fuzz/canary.fuzz.ts)',
  ]);
  for (const { input, detail } of run.findings) {
    assert.ok(input.length <= 16, `${input.length} bytes are left`);
    assert.match(detail, /canary\.fuzz\.ts/);
  }
});

test('a valid encoding that is refused is a finding', () => {
  const run = fuzz({ ...innocent, generate: (prng) => Uint8Array.of(prng.below(101)) }, 5000);
  assert.deepEqual(titles(run), ['a valid encoding was refused: the first byte is too large']);
});

test('a decoder that writes to its input is found', () => {
  const run = fuzz({ ...innocent, run: (input) => innocent.run(input.fill(0)) }, 50);
  assert.deepEqual(titles(run), ['the decoder changed its input']);
});

test('an input that takes long is found, in processor time', () => {
  const environment = new FakeEnvironment();
  const slow: Fuzzer = {
    ...innocent,
    run: (input) => {
      if (input.length > 8) environment.clockMs += 300;
      return innocent.run(input);
    },
  };
  const run = fuzz(slow, 500, { environment });
  assert.deepEqual(titles(run), ['slow']);
  assert.equal(run.findings[0]?.input.length, 9);
  const busy = new FakeEnvironment();
  let pausesMs = 0;
  busy.nowMs = () => (pausesMs += 300);
  assert.deepEqual(fuzz(innocent, 50, { environment: busy }).findings, []);
});

test('an allocation out of proportion to the input is found', () => {
  const environment = new FakeEnvironment();
  const greedy: Fuzzer = {
    ...innocent,
    run: (input) => {
      environment.bytes += (input[1] ?? 0) * 2 ** 20;
      return { accepted: true, behaviour: 'read' };
    },
  };
  const run = fuzz(greedy, 300, { environment });
  assert.deepEqual(titles(run), ['allocates']);
  assert.match(run.findings[0]?.detail ?? '', /^\d{7,} bytes for an input of \d+$/);
});

test('an allocation shows on the real heap before it is collected', () => {
  const environment = realEnvironment();
  environment.collectGarbage();
  const before = environment.usedBytes();
  const bytes = new Uint8Array(64 << 20);
  const grown = environment.usedBytes() - before;
  assert.ok(grown >= bytes.length, `${grown} bytes more`);
});

test('memory that grows from input to input is found', () => {
  const environment = new FakeEnvironment();
  const leaky: Fuzzer = {
    ...innocent,
    run: (input) => {
      environment.bytes += 1000;
      return innocent.run(input);
    },
  };
  const limits = { environment, checkEvery: 100, growthLimitBytes: 500_000 };
  const run = fuzz(leaky, 1000, limits);
  assert.deepEqual(titles(run), ['memory grows']);
  assert.ok(run.report.heapGrowthBytes >= 700_000);
  assert.equal(run.report.peakHeapBytes > 500_000, true);
});

test('an input that never ends is found by who watches', async () => {
  const found: Finding[] = [];
  const report = await runWatched({
    name: 'canary-hang',
    path: findFuzzers().get('canary-hang') ?? '',
    seed: 1,
    inputs: 1_000_000,
    seconds: 600,
    hangAfterMs: 500,
    found: (finding) => found.push(finding),
  });
  assert.deepEqual(
    found.map(({ title }) => title),
    ['hang'],
  );
  assert.equal(report.findings, 1);
});

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import { CliError } from '../src/cli-error.ts';
import { parseClusterRecord } from '../src/supervisor/cluster-file.ts';
import { bytesOf, textOf, wordsOf } from './text.ts';

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

function run(input: Uint8Array) {
  const record = parseClusterRecord('cluster.json', textOf(input));
  const second = again('written, it is refused', () =>
    parseClusterRecord('cluster.json', JSON.stringify(record)),
  );
  assert.ok(isDeepStrictEqual(second, record), 'a record does not survive a round trip');
  // These become paths that a fresh start removes, and processes that are looked for.
  for (const { name, process } of record.nodes) {
    assert.match(name, /^n[1-9]\d?$/);
    assert.ok(process === null || process.pid >= 1, 'no process has that number');
  }
  return { accepted: true, behaviour: record.leader === null ? 'nobody leads' : 'led' };
}

function generate(prng: Prng): Uint8Array {
  const identity = { pid: prng.between(1, 99_999), startTicks: prng.chance(0.5) ? '123' : null };
  const nodes = Array.from({ length: prng.between(1, 4) }, (_, at) => ({
    name: `n${at + 1}`,
    process: prng.chance(0.7) ? identity : null,
    clientUrl: 'http://127.0.0.1:2379',
    peerUrl: 'http://127.0.0.1:2380',
    dataDirectory: `n${at + 1}/data`,
    log: `n${at + 1}/log`,
  }));
  const record = {
    kind: 'quorate local cluster',
    version: 1,
    token: 'token',
    clientPort: 2379,
    peerPort: 2380,
    formed: prng.chance(0.5),
    supervisor: identity,
    leader: prng.chance(0.5) ? { name: 'n1', pid: 5, term: prng.below(9) } : null,
    nodes,
  };
  return bytesOf(JSON.stringify(record));
}

export const fuzzer = {
  about: 'what `quorate up` finds in cluster.json',
  maxBytes: 8192,
  generate,
  run,
  isRefusal: (error: unknown) => error instanceof CliError,
  words: wordsOf(
    'null',
    'true',
    '-1',
    '1e400',
    '0.5',
    '""',
    '"__proto__":',
    '{',
    '}',
    '[',
    ']',
    ',',
  ),
};

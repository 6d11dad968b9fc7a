import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll } from './election/cluster.ts';
import { roundTo } from './election/figures.ts';
import { numberOf } from './election/settings.ts';
import type { Contender } from './peers/contender.ts';
import { contendersOf, names } from './peers/contenders.ts';
import { scenarios } from './peers/scenarios.ts';
import { votes } from './peers/votes.ts';

/**
 * What becomes of the leader when processes die, stand still or are cut off, of this election and
 * of others that JavaScript has. docs/guides/election-peers.md says how to read it.
 */
const all = [...Object.keys(scenarios), 'votes'];

const usage = `usage: npm run bench -- election-peers [--peers DIR] [--of LIST] [--only LIST]
                                       [--rounds N]

  --peers DIR   where npm install was run:
                npm install --prefix DIR @markwylde/liferaft@1.4.0 tinyraft@1.0.1 antietcd@1.3.1
                  etcd3@1.1.2
                etcd3 also needs an etcd: the Debian package etcd-server, or ETCD
  --of LIST     of ${names.join(',')} (all)
  --only LIST   of ${all.join(',')} (all)
  --rounds N    of killed, stopped and halves (5)`;

interface Row {
  readonly scenario: string;
  readonly of: string;
  readonly version: string;
  readonly words: string;
  readonly figures: Readonly<Record<string, unknown>>;
}

function listOf(flag: string, text: string, known: readonly string[]): string[] {
  return text.split(',').map((one) => {
    if (known.includes(one)) return one;
    throw new RangeError(`--${flag}: '${one}' is not of ${known.join(', ')}`);
  });
}

async function rowOf(
  scenario: string,
  contender: Contender,
  rounds: number,
  peers: string | null,
  directory: () => string,
): Promise<Row | null> {
  const { name, version } = contender;
  const progress = (text: string): void => void process.stderr.write(`${scenario}: ${text}\n`);
  const run = scenarios[scenario];
  try {
    const outcome =
      run === undefined
        ? await votes(name, peers)
        : await run(contender, { rounds, progress, directory });
    return outcome === null ? null : { scenario, of: name, version, ...outcome };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { scenario, of: name, version, words: `could not be measured: ${words}`, figures: {} };
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      peers: { type: 'string' },
      of: { type: 'string', default: names.join(',') },
      only: { type: 'string', default: all.join(',') },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const peers = values.peers === undefined ? null : resolve(values.peers);
  const only = listOf('only', values.only, all);
  const rounds = numberOf('rounds', values.rounds, 1, 1_000);
  const skipped: string[] = [];
  const contenders = contendersOf(listOf('of', values.of, names), peers, (name, why) => {
    console.log(`skipped: ${name}: ${why}`);
    skipped.push(name);
  });
  const root = mkdtempSync(join(tmpdir(), 'quorate-election-peers-'));
  const cleanUp = async (): Promise<void> => {
    await killAll();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
  }
  let made = 0;
  const rows: Row[] = [];
  const loadAverage = roundTo(loadavg()[0] ?? 0, 1);
  try {
    for (const { name, version, times } of contenders) console.log(`${name} ${version}: ${times}`);
    for (const scenario of only) {
      for (const contender of contenders) {
        const row = await rowOf(scenario, contender, rounds, peers, () => {
          made += 1;
          return join(root, `cluster${made}`);
        });
        if (row === null) continue;
        rows.push(row);
        console.log(`${scenario}, ${row.of}: ${row.words}`);
      }
    }
  } finally {
    await cleanUp();
  }
  console.log(JSON.stringify({ bench: 'election-peers', rounds, loadAverage, skipped, rows }));
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof RangeError || error instanceof TypeError;
  if (!isUsage) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
}

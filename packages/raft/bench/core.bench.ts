import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type Contender, goRaft, quorate } from './core/contenders.ts';
import { describeFigures, type Figures, figuresOf } from './core/figures.ts';
import { oneCore } from './core/one-core.ts';

/**
 * The consensus core alone: three replicas in one process, storage in memory, no I/O. Entries a
 * second that are committed and applied on all three; beside Go's etcd/raft when RAFT_CORE names
 * the program. docs/guides/benchmarks.md says how to read it.
 */
const usage = `usage: npm run bench -- core [--batch LIST] [--seconds N] [--rounds N]

  --batch LIST    commands in one proposal, 1 to 4096, several with commas (1,16,256)
  --seconds N     how long a round lasts, 1 to 600 (2)
  --rounds N      rounds of each program and batch size, 1 to 1000 (5)

RAFT_CORE=PROGRAM measures Go's etcd/raft in the same run, by turns.`;

interface Plan {
  readonly batches: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
}

interface BatchReport {
  readonly batch: number;
  readonly figures: Readonly<Record<string, Figures>>;
  /** Of medians; null without the Go program. */
  readonly ratio: number | null;
  /** The ratio that is wanted; null where none was set. */
  readonly target: number | null;
  readonly isReached: boolean | null;
}

const entryBytes = 256;
/** How many times the entries a second of Go's etcd/raft are wanted, by batch size. */
const targets: ReadonlyMap<number, number> = new Map([
  [1, 2],
  [16, 2],
  [256, 3],
]);

function toNumber(flag: string, text: string, limit: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > limit) {
    throw new RangeError(`--${flag}: '${text}' is no whole number from 1 to ${limit}`);
  }
  return value;
}

/** @returns null when help was asked for */
function plan(): Plan | null {
  const { values } = parseArgs({
    options: {
      batch: { type: 'string', default: '1,16,256' },
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  return {
    batches: values.batch.split(',').map((text) => toNumber('batch', text, 4096)),
    seconds: toNumber('seconds', values.seconds, 600),
    rounds: toNumber('rounds', values.rounds, 1000),
  };
}

/** All contenders by turns, so that a change of the machine's mood meets each of them. */
function measure(batch: number, contenders: readonly Contender[], planned: Plan): BatchReport {
  const { rounds, seconds } = planned;
  const measured = contenders.map(({ name }) => ({ name, rounds: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    contenders.forEach((contender, at) => {
      measured[at]?.rounds.push(contender.measure({ batch, entryBytes, seconds }));
    });
  }
  const figures = Object.fromEntries(measured.map((one) => [one.name, figuresOf(one.rounds)]));
  const [ours = 0, theirs] = measured.map(({ name }) => figures[name]?.median);
  // Cut off, not rounded: what is shown as the target has reached it.
  const ratio = theirs === undefined ? null : Math.floor((ours / theirs) * 100) / 100;
  const target = targets.get(batch) ?? null;
  const isReached = ratio === null || target === null ? null : ratio >= target;
  return { batch, figures, ratio, target, isReached };
}

function print({ batch, figures, ratio, target, isReached }: BatchReport): void {
  const label = `batch ${batch.toString().padStart(4)}  `;
  for (const [name, figure] of Object.entries(figures)) {
    console.log(`${label}${name.padEnd(10)}${describeFigures(figure)}`);
  }
  if (ratio === null) return;
  const outcome = isReached ? 'reached' : 'not reached';
  const wanted = target === null ? '' : `, target ${target.toFixed(2)}: ${outcome}`;
  console.log(`${label}quorate has ${ratio.toFixed(2)} times the entries/s of Go${wanted}`);
}

/** Of the last minute: other work on the machine slows both sides, and not always equally. */
function loadAverage(): number {
  return Number((loadavg()[0] ?? 0).toFixed(1));
}

function main(planned: Plan): void {
  const { prefix, description } = oneCore();
  const { RAFT_CORE: program } = process.env;
  const contenders = [quorate(prefix)];
  if (program !== undefined && program !== '') contenders.push(goRaft(prefix, program));
  const { seconds, rounds } = planned;
  console.log(
    `three replicas in one process, ${entryBytes}-byte entries, ` +
      `${rounds} rounds of ${seconds} s by turns, ${description}, ` +
      `load average ${loadAverage()}`,
  );
  console.log('each line: the median of the rounds (slowest..fastest)');
  if (contenders.length === 1) {
    console.log(
      'Go is left out: build the raft-core program against go.etcd.io/etcd/raft and name it in ' +
        'RAFT_CORE, as docs/guides/benchmarks.md says',
    );
  }
  const reports: BatchReport[] = [];
  for (const batch of planned.batches) {
    const report = measure(batch, contenders, planned);
    print(report);
    reports.push(report);
  }
  const conditions = { entryBytes, seconds, rounds, loadAverage: loadAverage() };
  console.log(JSON.stringify({ bench: 'core', ...conditions, results: reports }));
}

let planned: Plan | null = null;
try {
  planned = plan();
  if (planned === null) console.log(usage);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}
try {
  if (planned !== null) main(planned);
} catch (error) {
  // A program that failed has said why on its own standard error.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

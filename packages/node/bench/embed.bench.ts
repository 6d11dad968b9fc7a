import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Contender, commandBytes, type Figures } from './embed/contender.ts';
import { HashicorpCluster } from './embed/hashicorp-cluster.ts';
import { LiferaftCluster } from './embed/liferaft-cluster.ts';
import { QuorateCluster } from './embed/quorate-cluster.ts';

/**
 * An embedded state machine on three processes of this machine, each with a disk that is synced:
 * proposals a second and how long each takes, at the process that leads, and what one proposal
 * costs in bytes on all disks and wires together. docs/guides/benchmarks.md says how to read it.
 */
const usage = `usage: npm run bench -- embed [--callers LIST] [--groups LIST] [--seconds N]
                              [--rounds N] [--peer hashicorp|liferaft]

  --callers LIST    concurrent callers, each with one proposal at a time (1,1000)
  --groups LIST     groups in each process; callers are spread over them (1)
  --seconds N       how long each load lasts (5), after a warm-up of twice as much
  --rounds N        how often each is measured, by turns with the peer (1; with a peer 3)
  --peer hashicorp  beside hashicorp/raft in Go, on the same disk; needs the Debian packages
                    golang-go golang-github-hashicorp-raft-dev
                    golang-github-hashicorp-raft-boltdb-dev
  --peer liferaft   beside @markwylde/liferaft, in memory; LIFERAFT names a directory in which
                    npm install @markwylde/liferaft memdown was run`;

const targets: ReadonlyMap<number, string> = new Map([
  [1, 'p50 under 1 ms'],
  [1000, '150,000 proposals/s'],
]);

interface Row extends Figures {
  readonly name: string;
  readonly groups: number;
  readonly callers: number;
}

interface Settings {
  readonly callers: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly peer: string | undefined;
}

async function withGroups(groups: number, settings: Settings): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-embed-bench-'));
  const contenders: Contender[] = [];
  try {
    for (const name of ['quorate', 'hashicorp']) mkdirSync(join(directory, name));
    contenders.push(await QuorateCluster.open(join(directory, 'quorate'), groups));
    if (groups === 1) contenders.push(...(await openPeers(settings.peer, directory)));
    const rows: Row[] = [];
    for (const callers of settings.callers) {
      rows.push(...(await measure(contenders, groups, callers, settings)));
    }
    return rows;
  } finally {
    await Promise.all(contenders.map((one) => one.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

async function openPeers(peer: string | undefined, directory: string): Promise<Contender[]> {
  if (peer === 'hashicorp') return [await HashicorpCluster.open(join(directory, 'hashicorp'))];
  return peer === 'liferaft' ? [await LiferaftCluster.open()] : [];
}

async function measure(
  contenders: readonly Contender[],
  groups: number,
  callers: number,
  { seconds, rounds }: Settings,
): Promise<Row[]> {
  for (const one of contenders) await one.load(callers, 2 * seconds);
  const measured = contenders.map(() => [] as Figures[]);
  for (let round = 0; round < rounds; round++) {
    for (const [at, one] of contenders.entries()) {
      measured[at]?.push(await one.load(callers, seconds));
    }
  }
  const rows = contenders.map(({ name }, at) => {
    return { name, groups, callers, ...mediansOf(measured[at] ?? []) };
  });
  for (const row of rows) console.log(describe(row));
  const [ours, theirs] = rows;
  if (ours !== undefined && theirs !== undefined) {
    // A peer that answers nothing has no ratio.
    const ratio = theirs.perSecond === 0 ? '-' : (ours.perSecond / theirs.perSecond).toFixed(2);
    console.log(`${callers} callers: quorate has ${ratio} times the proposals/s of ${theirs.name}`);
  }
  return rows;
}

function mediansOf(rounds: readonly Figures[]): Figures {
  const median = (of: (figures: Figures) => number): number => {
    const sorted = rounds.map(of).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  const counted = (of: (figures: Figures) => number | null): number | null =>
    rounds.every((one) => of(one) !== null) ? median((one) => of(one) ?? 0) : null;
  return {
    perSecond: median((one) => one.perSecond),
    p50Ms: median((one) => one.p50Ms),
    p99Ms: median((one) => one.p99Ms),
    diskBytes: counted((one) => one.diskBytes),
    wireBytes: counted((one) => one.wireBytes),
  };
}

function describe(row: Row): string {
  const { name, groups, callers, perSecond, p50Ms, p99Ms, diskBytes, wireBytes } = row;
  const target = groups === 1 && name === 'quorate' ? targets.get(callers) : undefined;
  const speed = `${Math.round(perSecond).toLocaleString('en')} proposals/s`;
  const latency = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  const bytes =
    diskBytes === null || wireBytes === null
      ? ''
      : `, ${Math.round(diskBytes)} bytes on disks, ${Math.round(wireBytes)} on wires each`;
  const wanted = target === undefined ? '' : ` (wanted: ${target})`;
  return `${name}, ${groups} groups, ${callers} callers: ${speed}, ${latency}${bytes}${wanted}`;
}

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      callers: { type: 'string', default: '1,1000' },
      groups: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string' },
      peer: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { peer } = values;
  const callers = numbers(values.callers);
  const groups = numbers(values.groups);
  const seconds = Number(values.seconds);
  const rounds = Number(values.rounds ?? (peer === undefined ? 1 : 3));
  const isPeerKnown = [undefined, 'hashicorp', 'liferaft'].includes(peer);
  const amounts = [...callers, ...groups, seconds, rounds];
  const isGood = isPeerKnown && amounts.every((one) => Number.isInteger(one) && one > 0);
  if (values.help || !isGood) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const loadAverage = Number((loadavg()[0] ?? 0).toFixed(1));
  console.log(`three processes, ${commandBytes}-byte commands, load average ${loadAverage}`);
  const rows: Row[] = [];
  for (const count of groups) {
    rows.push(...(await withGroups(count, { callers, seconds, rounds, peer })));
  }
  console.log(JSON.stringify({ bench: 'embed', commandBytes, seconds, rounds, loadAverage, rows }));
}

await main();

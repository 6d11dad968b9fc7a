import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Counts, FromMember, ToMember } from './embed/member.ts';

/**
 * An embedded state machine on three processes of this machine, each with a disk that is synced:
 * proposals a second and how long each takes, at the process that leads, and what one proposal
 * costs in bytes on all disks and wires together. docs/guides/benchmarks.md says how to read it.
 */
const usage = `usage: npm run bench -- embed [--callers LIST] [--groups LIST] [--seconds N]

  --callers LIST  concurrent callers, each with one proposal at a time (1,1000)
  --groups LIST   groups in each process; callers are spread over them (1)
  --seconds N     how long each load lasts (5), after a warm-up of as much`;

const commandBytes = 128;
const targets: ReadonlyMap<number, string> = new Map([
  [1, 'p50 under 1 ms'],
  [1000, '150,000 proposals/s'],
]);

class Member {
  readonly #child: ChildProcess;
  leads = 0;

  constructor() {
    this.#child = fork(new URL('./embed/member.ts', import.meta.url), { stdio: 'inherit' });
    this.#child.on('message', (message: FromMember) => {
      if (message.kind === 'leads') this.leads = message.groups;
    });
  }

  async ask<Kind extends FromMember['kind']>(
    message: ToMember,
    kind: Kind,
  ): Promise<Extract<FromMember, { kind: Kind }>> {
    this.#child.send(message);
    for (;;) {
      const [answer] = (await once(this.#child, 'message')) as [FromMember];
      if (answer.kind === kind) return answer as Extract<FromMember, { kind: Kind }>;
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'exit');
    this.#child.send({ kind: 'close' } satisfies ToMember);
    await closed;
  }
}

interface Row {
  readonly groups: number;
  readonly callers: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly diskBytes: number;
  readonly wireBytes: number;
}

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return `127.0.0.1:${port}`;
}

async function counted(members: readonly Member[]): Promise<Counts> {
  const counts = await Promise.all(members.map((one) => one.ask({ kind: 'count' }, 'counted')));
  const sum = (of: (count: Counts) => number): number =>
    counts.reduce((total, count) => total + of(count), 0);
  return { diskBytes: sum((one) => one.diskBytes), wireBytes: sum((one) => one.wireBytes) };
}

async function measure(
  members: readonly Member[],
  groups: number,
  callers: number,
  seconds: number,
): Promise<Row> {
  // Callers are where leaders are, in proportion.
  const leading = members.filter(({ leads }) => leads > 0);
  const loads = leading.map((member) => {
    const share = Math.max(1, Math.round((callers * member.leads) / groups));
    const load = { callers: share, seconds, commandBytes };
    return () => member.ask({ kind: 'load', load }, 'loaded');
  });
  await Promise.all(loads.map((begin) => begin()));
  const before = await counted(members);
  const loaded = await Promise.all(loads.map((begin) => begin()));
  const after = await counted(members);
  const latencies = Float64Array.from(loaded.flatMap((one) => one.latencies)).sort();
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? 0;
  return {
    groups,
    callers,
    perSecond: loaded.reduce((total, one) => total + one.latencies.length / one.seconds, 0),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    diskBytes: (after.diskBytes - before.diskBytes) / latencies.length,
    wireBytes: (after.wireBytes - before.wireBytes) / latencies.length,
  };
}

async function withGroups(
  groups: number,
  callers: readonly number[],
  seconds: number,
): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-embed-bench-'));
  const members = [1, 2, 3].map(() => new Member());
  try {
    const peers = Object.fromEntries(
      await Promise.all([1, 2, 3].map(async (id) => [id, await freeAddress()] as const)),
    );
    await Promise.all(
      members.map((member, at) => {
        const plan = { id: at + 1, peers, dataDir: join(directory, `${at + 1}`), groups };
        return member.ask({ kind: 'open', plan }, 'opened');
      }),
    );
    while (members.reduce((sum, { leads }) => sum + leads, 0) < groups) {
      await new Promise((fulfil) => setTimeout(fulfil, 200));
    }
    const rows: Row[] = [];
    for (const count of callers) {
      const row = await measure(members, groups, count, seconds);
      rows.push(row);
      console.log(describe(row));
    }
    return rows;
  } finally {
    await Promise.all(members.map((member) => member.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

function describe({ groups, callers, perSecond, p50Ms, p99Ms, diskBytes, wireBytes }: Row): string {
  const target = groups === 1 ? targets.get(callers) : undefined;
  const speed = `${Math.round(perSecond).toLocaleString('en')} proposals/s`;
  const latency = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  const bytes = `${Math.round(diskBytes)} bytes on disks, ${Math.round(wireBytes)} on wires`;
  const wanted = target === undefined ? '' : ` (wanted: ${target})`;
  return `${groups} groups, ${callers} callers: ${speed}, ${latency}, ${bytes} each${wanted}`;
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
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const callers = numbers(values.callers);
  const groups = numbers(values.groups);
  const seconds = Number(values.seconds);
  const isGood = [...callers, ...groups, seconds].every((one) => Number.isInteger(one) && one > 0);
  if (values.help || !isGood) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const loadAverage = Number((loadavg()[0] ?? 0).toFixed(1));
  console.log(`three processes, ${commandBytes}-byte commands, load average ${loadAverage}`);
  const rows: Row[] = [];
  for (const count of groups) rows.push(...(await withGroups(count, callers, seconds)));
  console.log(JSON.stringify({ bench: 'embed', commandBytes, seconds, loadAverage, rows }));
}

await main();

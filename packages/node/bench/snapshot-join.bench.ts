import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BenchProcess } from './embed/bench-process.ts';
import { commandBytes } from './embed/contender.ts';
import { freeAddresses } from './embed/free-addresses.ts';
import type { FromMember, MemberPlan, ToMember } from './snapshot-join/member.ts';
import type { Latencies } from './snapshot-join/open-loop.ts';

/**
 * A fourth node with an empty disk joins three that have a large state and go on taking proposals:
 * how long it takes until it votes, and what the others notice of it.
 */
const usage = `usage: npm run bench -- snapshot-join [--megabytes N] [--rate N] [--seconds N]
                                      [--limit N] [--directory DIR]

  --megabytes N    the state, in MiB (1024)
  --rate N         proposals a second, at the leader, whatever becomes of them (10000)
  --seconds N      how long the time before is measured (10)
  --limit N        of the transfer, in MiB/s (none)
  --directory DIR  where the temporary directory is made, which decides the disk; it needs room
                   for eight times the state`;

/** So little that the first snapshot is there soon. Further ones come when the log is as large. */
const snapshotLogBytes = 8 * 1024 * 1024;

interface Settings {
  readonly megabytes: number;
  readonly rate: number;
  readonly seconds: number;
  /** In MiB/s; 0: none. */
  readonly limit: number;
}

interface Measured {
  readonly taking: Latencies;
  readonly before: Latencies;
  readonly during: Latencies;
  /** From the start of the process that joins. */
  readonly secondsUntilRestored: number;
  readonly secondsUntilVoting: number;
  readonly megabytesPerSecond: number;
  readonly elections: number;
}

class Member extends BenchProcess<ToMember, FromMember> {
  leads = false;
  votes = false;
  term = 0;
  drawn = 0;
  restoredMs: number | null = null;

  constructor() {
    super(new URL('./snapshot-join/member.ts', import.meta.url));
    this.onMessage((message) => {
      if (message.kind === 'status') {
        this.leads = message.leads;
        this.votes = message.votes;
        this.term = message.term;
      } else if (message.kind === 'drawn') this.drawn += 1;
      else if (message.kind === 'restored') this.restoredMs = performance.now();
    });
  }

  async open(plan: MemberPlan): Promise<void> {
    await this.ask({ kind: 'open', plan }, 'opened');
  }

  async latencies(): Promise<Latencies> {
    return (await this.ask({ kind: 'take' }, 'taken')).latencies;
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(10);
}

async function measure(
  members: Member[],
  directory: string,
  { megabytes, rate, seconds, limit }: Settings,
): Promise<Measured> {
  const addresses = await freeAddresses(4);
  const founders = addresses.slice(0, 3);
  const peers = Object.fromEntries(founders.map((address, at) => [at + 1, address]));
  const planOf = (at: number): Omit<MemberPlan, 'peers' | 'join'> => {
    const id = at + 1;
    const listen = addresses[at] as string;
    const dataDir = join(directory, `${id}`);
    const snapshotBytesPerSecond = limit === 0 ? null : limit * 1024 * 1024;
    return { id, listen, dataDir, megabytes, snapshotLogBytes, snapshotBytesPerSecond };
  };
  const founding = founders.map((_, at) => {
    const member = new Member();
    members.push(member);
    return member.open({ ...planOf(at), peers });
  });
  await Promise.all(founding);
  await until(() => members.some(({ leads }) => leads));
  const leader = members.find(({ leads }) => leads) as Member;
  const { term } = leader;

  await leader.ask({ kind: 'begin', perSecond: rate, commandBytes }, 'begun');
  console.log(`${rate} proposals/s go on; each node takes its first snapshot`);
  // What is compiled by now is not measured.
  await pause(2000);
  await leader.latencies();
  await until(() => members.every(({ drawn }) => drawn > 0));
  const taking = await leader.latencies();
  console.log(describe('while snapshots were begun and written', taking));
  // The files are ended, and the logs cut, behind what was drawn.
  await pause(2000);
  await leader.latencies();
  await pause(1000 * seconds);
  const before = await leader.latencies();
  console.log(describe('before', before));

  const joining = new Member();
  members.push(joining);
  const startMs = performance.now();
  const opened = joining.open({ ...planOf(3), join: founders });
  await until(() => joining.restoredMs !== null);
  const secondsUntilRestored = ((joining.restoredMs ?? 0) - startMs) / 1000;
  await opened;
  await until(() => joining.votes);
  const secondsUntilVoting = (performance.now() - startMs) / 1000;
  const during = await leader.latencies();
  console.log(describe('while the fourth node joined', during));
  leader.tell({ kind: 'stop' });
  const elections = leader.leads ? leader.term - term : Math.max(1, leader.term - term);
  const megabytesPerSecond = megabytes / secondsUntilRestored;
  return {
    taking,
    before,
    during,
    secondsUntilRestored,
    secondsUntilVoting,
    megabytesPerSecond,
    elections,
  };
}

function describe(when: string, { perSecond, p50Ms, p99Ms, maxMs, failed }: Latencies): string {
  const latency = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1));
  return (
    `${when}: ${Math.round(perSecond)} proposals/s, p50 ${latency[0]} ms, p99 ${latency[1]} ms, ` +
    `max ${latency[2]} ms, ${failed} failed`
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      megabytes: { type: 'string', default: '1024' },
      rate: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '10' },
      limit: { type: 'string', default: '0' },
      directory: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const megabytes = Number(values.megabytes);
  const rate = Number(values.rate);
  const seconds = Number(values.seconds);
  const limit = Number(values.limit);
  const amounts = [megabytes, rate, seconds, limit + 1];
  const isGood = amounts.every((one) => Number.isInteger(one) && one > 0);
  if (values.help || !isGood) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const loadAverage = Number((loadavg()[0] ?? 0).toFixed(1));
  console.log(
    `three nodes with a state of ${megabytes} MiB, ${commandBytes}-byte commands, ` +
      `load average ${loadAverage}`,
  );
  const directory = mkdtempSync(join(values.directory, 'quorate-snapshot-join-bench-'));
  const members: Member[] = [];
  try {
    const measured = await measure(members, directory, { megabytes, rate, seconds, limit });
    const { secondsUntilRestored, secondsUntilVoting, megabytesPerSecond, elections } = measured;
    console.log(
      `the fourth node had the snapshot after ${secondsUntilRestored.toFixed(1)} s ` +
        `(${megabytesPerSecond.toFixed(1)} MiB/s) and voted after ` +
        `${secondsUntilVoting.toFixed(1)} s; ${elections} elections`,
    );
    const settings = { megabytes, rate, commandBytes, seconds, limit, loadAverage };
    console.log(JSON.stringify({ bench: 'snapshot-join', ...settings, ...measured }));
    if (elections > 0) process.exitCode = 1;
  } finally {
    await Promise.all(members.map((one) => one.close({ kind: 'close' })));
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();

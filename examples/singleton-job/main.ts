// A job that one of three instances does at a time, while the one that does it is killed and
// stopped: `node examples/singleton-job/main.ts`. README.md beside this file says what it shows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFence, ElectionError } from '@quorate/election';
import { freePorts } from '../free-ports.ts';
import { wordsOf } from '../words.ts';
import { Instances, type Run } from './instances.ts';

const usage = `usage: node examples/singleton-job/main.ts

Takes about 10 s. README.md beside it says what it shows.`;
wordsOf(usage, {});

const runsOfRound = 50;
const rounds = ['kill', 'stop', 'kill', 'stop'] as const;

// What the job works on: it lets in nobody who led before the one that was here last.
const fence = createFence();
const leaders = new Map<bigint, Set<number>>();
let accepted = 0;
let refused = 0;
let told = (_run: Run): void => undefined;

function asked(run: Run): void {
  try {
    fence.pass(run.token);
  } catch (error) {
    if (!(error instanceof ElectionError)) throw error;
    refused += 1;
    return;
  }
  accepted += 1;
  leaders.set(run.token, (leaders.get(run.token) ?? new Set()).add(run.id));
  told(run);
}

/** Until the job was run so often under newer tokens than this. */
function runs(count: number, after: bigint): Promise<Run> {
  return new Promise((fulfil) => {
    let seen = 0;
    told = (run) => {
      if (run.token > after) seen += 1;
      if (seen === count) fulfil(run);
    };
  });
}

const directory = mkdtempSync(join(tmpdir(), 'quorate-singleton-'));
const instances = new Instances(await freePorts(3), directory, asked);
const ids = [1, 2, 3];

async function play(): Promise<boolean> {
  await Promise.all(ids.map((id) => instances.start(id)));
  let leader = await runs(runsOfRound, 0n);
  console.log(`three instances are up; ${leader.id} does the job, with token ${leader.token}`);
  for (const what of rounds) {
    const { id, token } = leader;
    const beganMs = performance.now();
    if (what === 'kill') await instances.kill(id);
    else instances.signal(id, 'SIGSTOP');
    const next = await runs(1, token);
    const withoutMs = Math.round(performance.now() - beganMs);
    const how = what === 'kill' ? 'killed' : 'stopped';
    console.log(`${how} ${id}: ${next.id} goes on after ${withoutMs} ms, with token ${next.token}`);
    leader = await runs(runsOfRound, token);
    if (what === 'kill') await instances.start(id);
    else instances.signal(id, 'SIGCONT');
  }
  leader = await runs(runsOfRound, leader.token - 1n);
  const isOne = [...leaders.values()].every((instancesOf) => instancesOf.size === 1);
  const verdict = isOne ? 'never by two' : 'WRONG';
  console.log(`refused by the fence: ${refused}`);
  console.log(`the job ran under ${leaders.size} leaderships, one instance at a time, ${verdict}`);
  return isOne && accepted > rounds.length * runsOfRound;
}

try {
  process.exitCode = (await play()) ? 0 : 1;
} finally {
  await instances.stopAll();
  rmSync(directory, { recursive: true, force: true });
}

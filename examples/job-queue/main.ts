// Jobs are enqueued, claimed and finished while the leader is killed and handed over; at the end
// each has been done once: `node examples/job-queue/main.ts`. README.md beside this file says why.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Group, openNode, type Session } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import { freePorts } from '../free-ports.ts';
import { type Command, JobQueue, type Report, type Result } from './job-queue.ts';
import { Voters } from './voters.ts';

/** What happens to the leader in the midst of a round of jobs. */
const rounds = ['kill', 'handOver', 'kill', 'handOver', 'kill'] as const;
const jobsOfRound = 100;
const jobs = rounds.length * jobsOfRound;
const workers = 20;

type Queue = Group<JobQueue>;
type QueueSession = Pick<Session<Command, Result>, 'propose' | 'close'>;

const { values } = parseArgs({
  options: { 'without-sessions': { type: 'boolean', default: false } },
});
const directory = mkdtempSync(join(tmpdir(), 'quorate-jobs-'));
const [ownPort = 0, ...ports] = await freePorts(4);
const voters = new Voters(ports, directory);

// How often each job was done here, by name: what a real worker would do to the world outside.
const done = new Map<string, number>();
let isComplete = false;
let more = Promise.withResolvers<void>();
let midst = Promise.withResolvers<void>();

function openSession(queue: Queue): QueueSession {
  if (values['without-sessions']) return repeating(queue);
  return queue.openSession({ timeoutMs: 180_000, ttlMs: 180_000 });
}

/** What goes wrong without one: what is asked again may be done again. */
function repeating(queue: Queue): QueueSession {
  return {
    async propose(command) {
      for (;;) {
        try {
          return await queue.propose(command);
        } catch (error) {
          if (!(error instanceof RuntimeError)) throw error;
        }
        await pause(50);
      }
    },
    close: () => Promise.resolve(),
  };
}

async function enqueueRound(session: QueueSession, round: number): Promise<void> {
  const names = Array.from({ length: jobsOfRound }, (_, job) => `job-${round}-${job}`);
  await Promise.all(
    names.map(async (name) => {
      await session.propose({ kind: 'enqueue', name });
      wakeWorkers();
    }),
  );
}

function wakeWorkers(): void {
  more.resolve();
  more = Promise.withResolvers();
}

async function work(queue: Queue, worker: string): Promise<void> {
  const session = openSession(queue);
  for (;;) {
    const isLast = isComplete;
    const woken = more.promise;
    const { result: claimed } = await session.propose({ kind: 'claim', worker });
    if (claimed.kind === 'claimed') {
      done.set(claimed.name, (done.get(claimed.name) ?? 0) + 1);
      if (done.size % jobsOfRound === jobsOfRound / 2) midst.resolve();
      const { job } = claimed;
      const { result } = await session.propose({ kind: 'finish', job, worker });
      if (result.kind !== 'finished') throw new Error(`finish ${job}: ${JSON.stringify(result)}`);
    } else if (isLast) {
      return session.close();
    } else {
      await woken;
    }
  }
}

/** Everybody is at work when it comes: claims and reports are on their way. */
async function disturb(queue: Queue, what: (typeof rounds)[number]): Promise<void> {
  await midst.promise;
  midst = Promise.withResolvers();
  // At no particular point of the way of a command.
  await pause(20 * Math.random());
  const { leader } = queue.status();
  if (what === 'kill') {
    await voters.kill(leader);
    console.log(`killed node ${leader}, the leader, when ${done.size} jobs were claimed`);
    await voters.start(leader);
  } else {
    await queue.transferLeadership();
    const next = await leaderOf(queue);
    console.log(`node ${leader} handed over to ${next} when ${done.size} jobs were claimed`);
  }
}

async function runAll(queue: Queue): Promise<void> {
  const working = Array.from({ length: workers }, (_, at) => work(queue, `worker-${at + 1}`));
  const session = openSession(queue);
  for (const [round, what] of rounds.entries()) {
    await Promise.all([enqueueRound(session, round), disturb(queue, what)]);
  }
  isComplete = true;
  wakeWorkers();
  await Promise.all([...working, session.close()]);
}

async function leaderOf(queue: Queue): Promise<number> {
  // It reflects the present, so there is a leader, and this node knows it.
  await queue.read('report');
  return queue.status().leader;
}

async function play(): Promise<boolean> {
  await voters.startAll();
  // This process has a copy of the state and no vote: it may come and go as it likes.
  const node = await openNode({
    id: 4,
    dataDir: null,
    listen: `127.0.0.1:${ownPort}`,
    join: voters.addresses,
    learner: true,
    groups: { jobs: () => new JobQueue() },
    log: { level: 'error', format: 'logfmt' },
  });
  try {
    const queue = node.group('jobs');
    const leader = await leaderOf(queue);
    console.log(`three voters are up, node ${leader} leads; this process is a learner`);
    await runAll(queue);
    const isExact = judge(await queue.read('report'));
    await node.leave();
    return isExact;
  } finally {
    await node.close();
  }
}

/** Compares what the queue says with what was done here. */
function judge({ enqueued, finished, repeatedNames }: Report): boolean {
  const once = [...done.values()].filter((count) => count === 1).length;
  const isWhole = enqueued === jobs && finished === jobs && done.size === jobs;
  const isExact = isWhole && repeatedNames === 0 && once === jobs;
  const verdict = isExact ? 'each exactly once' : `only ${once} of them once`;
  const kills = rounds.filter((what) => what === 'kill').length;
  const handovers = rounds.filter((what) => what === 'handOver').length;
  const lost = `${kills} leaders were killed and ${handovers} handed over`;
  console.log(`${finished} of ${jobs} jobs done, ${verdict}, while ${lost}`);
  return isExact;
}

try {
  process.exitCode = (await play()) ? 0 : 1;
} finally {
  await voters.stopAll();
  rmSync(directory, { recursive: true, force: true });
}

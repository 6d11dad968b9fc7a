import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Prng } from '@quorate/base';
import { Liar } from './canaries/lying-connection.ts';
import { connectTo } from './clients/connection.ts';
import { startWorkload } from './clients/start-workload.ts';
import { Cluster } from './cluster/cluster.ts';
import type { Member } from './cluster/member.ts';
import type { FaultWorld } from './faults/fault.ts';
import { type PlayedFaults, playSchedule } from './faults/play-schedule.ts';
import { drawSchedule } from './faults/schedule.ts';
import { finish } from './final-phase.ts';
import { HistoryWriter } from './history/history-writer.ts';
import type { ChaosOptions } from './options.ts';

/** With etcd's defaults, a run of a minute would see few elections. */
const timing = { heartbeatMs: 50, electionTimeoutMs: 500 };
const restartMs = 1000;
/** Sets the clients' randomness apart from the faults'. */
const clientsSeed = 2 ** 40;

export interface ChaosRun {
  readonly directory: string;
  readonly history: HistoryWriter;
  readonly faults: PlayedFaults;
  /** How often a member was started anew after it had ended by itself. */
  readonly endedByThemselves: number;
  /** Told by a canary. */
  readonly lies: number;
  readonly diskCanBeFull: boolean;
  readonly isInterrupted: boolean;
}

export function scheduleOf({ seed, durationMs }: ChaosOptions) {
  return drawSchedule(seed, durationMs, timing.electionTimeoutMs);
}

/**
 * Starts a cluster and clients, plays the faults, mends everything, and looks at what is there in
 * the end. Leaves nothing behind but the history and the members' logs.
 *
 * @param interrupted by the user: ends early, in order
 */
export async function runChaos(
  options: ChaosOptions,
  interrupted: AbortSignal,
  say: (line: string) => void,
): Promise<ChaosRun> {
  const directory = options.out ?? mkdtempSync(join(tmpdir(), 'quorate-chaos-'));
  mkdirSync(directory, { recursive: true });
  const history = new HistoryWriter(directory);
  const keeper = new Keeper(history, say);
  const cluster = await Cluster.start({
    ...timing,
    workDirectory: mkdtempSync(join(tmpdir(), 'quorate-chaos-disks-')),
    logDirectory: join(directory, 'logs'),
    nodes: options.nodes,
    endedByItself: (member, how) => keeper.endedByItself(member, how),
  });
  // However this process ends, short of SIGKILL: members are told by their closed channels then.
  const clean = (): void => cluster.destroy();
  process.once('exit', clean);
  const liar = options.canary === null ? null : new Liar(options.canary);
  try {
    await cluster.allReady(interrupted);
    const faults = await play(options, { cluster, history, keeper, liar, interrupted, say });
    keeper.close();
    await Promise.all(cluster.members.map((member) => member.stop()));
    return {
      directory,
      history,
      faults,
      endedByThemselves: keeper.ended,
      lies: liar?.lies ?? 0,
      diskCanBeFull: cluster.members.every(({ volume }) => volume.canBeFull),
      isInterrupted: interrupted.aborted,
    };
  } finally {
    keeper.close();
    history.close();
    process.off('exit', clean);
    clean();
  }
}

/** Starts members anew that have ended by themselves, and says whether they may. */
class Keeper {
  readonly mayEnd = new Set<string>();
  ended = 0;
  readonly #history: HistoryWriter;
  readonly #say: (line: string) => void;
  readonly #told = new Set<string>();
  #isClosed = false;

  constructor(history: HistoryWriter, say: (line: string) => void) {
    this.#history = history;
    this.#say = say;
  }

  endedByItself(member: Member, how: string): void {
    if (this.#isClosed) return;
    this.ended += 1;
    const isExpected = this.mayEnd.has(member.name);
    const value = { member: member.name, how, expected: isExpected };
    this.#history.add({ process: 'nemesis', type: 'info', f: 'ended', key: null, value });
    if (!isExpected) {
      this.problem('members run', `${member.name} ended by itself (${how})`);
      if (!this.#told.has(member.name)) {
        this.#say(`${member.name} ended by itself (${how}):\n${member.lastWords()}`);
      }
      this.#told.add(member.name);
    }
    setTimeout(() => {
      if (!this.#isClosed) member.start();
    }, restartMs);
  }

  problem(check: string, error: string): void {
    const event = { process: 'nemesis', type: 'info', f: 'final-problem', key: null } as const;
    this.#history.add({ ...event, value: { check }, error });
  }

  close(): void {
    this.#isClosed = true;
  }
}

interface World {
  readonly cluster: Cluster;
  readonly history: HistoryWriter;
  readonly keeper: Keeper;
  readonly liar: Liar | null;
  readonly interrupted: AbortSignal;
  readonly say: (line: string) => void;
}

async function play(options: ChaosOptions, world: World): Promise<PlayedFaults> {
  const { cluster, history, keeper, liar, interrupted, say } = world;
  const { seed, durationMs, ratePerSecond } = options;
  const stopClients = new AbortController();
  const stopAuditor = new AbortController();
  let processes = 0;
  const workload = startWorkload(
    {
      history,
      endpoints: () => cluster.endpoints,
      connect: (endpoint) => liar?.wrap(connectTo(endpoint)) ?? connectTo(endpoint),
      stop: stopClients.signal,
      nextProcess: () => processes++,
    },
    new Prng(seed + clientsSeed),
    ratePerSecond,
    stopAuditor.signal,
  );
  const originMs = performance.now();
  const faultWorld: FaultWorld = {
    cluster,
    stop: interrupted,
    mayEnd: keeper.mayEnd,
    pause: (ms) => pauseUnless(interrupted, ms),
    problem: (check, message) => keeper.problem(check, message),
  };
  const faults = await playSchedule(scheduleOf(options), faultWorld, history, durationMs);
  await faultWorld.pause(originMs + durationMs - performance.now());
  say('all faults are over; the cluster has a minute to be whole again');
  cluster.network.heal();
  stopClients.abort();
  await workload.done;
  await cluster
    .allReady(interrupted)
    .catch((error: unknown) => keeper.problem('serves again', messageOf(error)));
  await finish({ cluster, history, auditor: workload.auditor, stop: interrupted });
  stopAuditor.abort();
  await workload.auditorDone;
  return faults;
}

/** A line: the rest is in the member's log. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function pauseUnless(stop: AbortSignal, ms: number): Promise<void> {
  if (stop.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener('abort', end);
  });
}

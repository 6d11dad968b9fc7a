import { millisBetween, pauseMs } from '../election/cluster.ts';
import { isAfter } from '../election/failover.ts';
import { roundTo, type Spread, spreadOf } from '../election/figures.ts';
import type { Told } from '../election/member-plan.ts';
import type { Contender, Running } from './contender.ts';

/** What a scenario has found, in words and in figures. */
export interface Outcome {
  readonly words: string;
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface ScenarioPorts {
  readonly rounds: number;
  readonly progress: (text: string) => void;
  /** Another one at each call, not there yet. */
  readonly directory: () => string;
}

type Scenario = (contender: Contender, ports: ScenarioPorts) => Promise<Outcome>;

/** Two leaders for no longer than that are one leader and a slow pipe. */
const stepMs = 1;
const churnMs = 10_000;
const servers = { downMs: 3_000, watchMs: 20_000 };

export const scenarios: Readonly<Record<string, Scenario>> = {
  killed,
  stopped,
  halves,
  'one-dead': oneDead,
  restarted,
};

async function killed(contender: Contender, ports: ScenarioPorts): Promise<Outcome> {
  return inCluster(contender, 3, ports, false, async ({ cluster }) => {
    const times: number[] = [];
    for (let round = 0; round < ports.rounds; round++) {
      const leader = await calm(contender, cluster);
      const next = cluster.nextOrNull(isAfter(leader), limitOf(contender));
      const atNs = await cluster.kill(leader.id);
      const told = await next;
      if (told !== null) times.push(millisBetween(atNs, told.atNs));
      ports.progress(`${contender.name}: killed, ${times.at(-1)?.toFixed(0)} ms`);
      await cluster.startOne(leader.id);
    }
    const spread = spreadOf(times);
    const none = ports.rounds - times.length;
    return {
      words: `next leads after ${inWords(spread)}${without(none)}`,
      figures: { spread, none },
    };
  });
}

/** The leader stops between a look at its leadership and the act, and wakes when another leads. */
async function stopped(contender: Contender, ports: ScenarioPorts): Promise<Outcome> {
  return inCluster(contender, 3, ports, false, async ({ cluster }) => {
    const believed: number[] = [];
    let acts = 0;
    let unreplaced = 0;
    for (let round = 0; round < ports.rounds; round++) {
      const leader = await calm(contender, cluster);
      const next = cluster.nextOrNull(isAfter(leader), limitOf(contender));
      cluster.ask(leader.id, 'stop');
      await pauseMs(3 * contender.timeoutMs);
      if ((await next) === null) unreplaced += 1;
      const woken = cluster.next('to be woken', ({ what }) => what === 'woken');
      const ends = cluster.nextOrNull((told) => {
        return told.what === 'lost' && told.id === leader.id;
      }, limitOf(contender));
      cluster.signal(leader.id, 'SIGCONT');
      const { leads, atNs } = await woken;
      if (leads) {
        const ended = await ends;
        believed.push(ended === null ? limitOf(contender) : millisBetween(atNs, ended.atNs));
        acts += ended?.acts ?? 0;
      }
      ports.progress(`${contender.name}: woken, ${leads ? 'takes itself for the leader' : 'fine'}`);
    }
    const spread = spreadOf(believed);
    const count = `${believed.length} of ${ports.rounds} times it leads beside another when woken`;
    const howLong = believed.length === 0 ? '' : `, for ${inWords(spread)}`;
    const rest = unreplaced === 0 ? '' : `; ${unreplaced} times no other led`;
    return { words: `${count}${howLong}${rest}`, figures: { spread, acts, unreplaced } };
  });
}

/** The leader is cut off with less than half of the members, or from all servers. */
async function halves(contender: Contender, ports: ScenarioPorts): Promise<Outcome> {
  const hasServers = contender.halves === 3;
  return inCluster(
    contender,
    contender.halves,
    ports,
    true,
    async ({ cluster, servers: behind }) => {
      const overlaps: number[] = [];
      const nobody: number[] = [];
      let never = 0;
      let unreplaced = 0;
      for (let round = 0; round < ports.rounds; round++) {
        const leader = await calm(contender, cluster);
        const others = cluster.ids.filter((id) => id !== leader.id);
        const small = hasServers ? [leader.id] : [leader.id, others[0] ?? 0];
        const large = hasServers
          ? Array.from({ length: behind?.count ?? 0 }, (_, at) => at + 1)
          : others.slice(1);
        const setCut = (isCut: boolean): void => {
          for (const one of small) {
            for (const other of large) {
              if (hasServers) cluster.links?.setCutOneWay(one, other, isCut);
              else cluster.links?.setCut(one, other, isCut);
            }
          }
        };
        const limitMs = limitOf(contender);
        const ends = cluster.nextOrNull((told) => {
          return told.what === 'lost' && told.id === leader.id;
        }, limitMs);
        const next = cluster.nextOrNull((told) => {
          return told.what === 'elected' && !small.includes(told.id);
        }, limitMs);
        setCut(true);
        const cutNs = process.hrtime.bigint();
        const [ended, elected] = await Promise.all([ends, next]);
        const endNs = ended?.atNs ?? process.hrtime.bigint();
        if (ended === null) never += 1;
        if (elected === null) unreplaced += 1;
        else nobody.push(millisBetween(endNs, elected.atNs));
        if (elected !== null && millisBetween(elected.atNs, endNs) > stepMs) {
          overlaps.push(millisBetween(elected.atNs, endNs));
        }
        const endMs = ended === null ? 'never' : `${millisBetween(cutNs, endNs).toFixed(0)} ms`;
        ports.progress(`${contender.name}: cut off, gave up after ${endMs}`);
        setCut(false);
        if (ended === null) break;
      }
      const rounds = nobody.length + unreplaced;
      const spread = spreadOf(overlaps);
      const words =
        overlaps.length === 0
          ? `never two; nobody leads for ${inWords(spreadOf(nobody))}`
          : `${overlaps.length} of ${rounds} times two lead, for ${inWords(spread)}`;
      const still = never === 0 ? '' : `; it never gave up within ${limitOf(contender) / 1000} s`;
      const rest = unreplaced === 0 ? '' : `; ${unreplaced} times no other led`;
      const figures = { rounds, overlaps: spread, nobody: spreadOf(nobody), never, unreplaced };
      return { words: `${words}${still}${rest}`, figures };
    },
  );
}

/** One of three that does not lead is killed and stays so. */
async function oneDead(contender: Contender, ports: ScenarioPorts): Promise<Outcome> {
  return inCluster(contender, 3, ports, false, async ({ cluster, servers: behind }) => {
    const leader = await calm(contender, cluster);
    const other = cluster.ids.find((id) => id !== leader.id) ?? 0;
    if (behind === null) await cluster.kill(other);
    else await behind.kill(0);
    const since = cluster.told.length;
    // As long as ten seconds, or as some of its own timeouts.
    const forMs = Math.max(churnMs, 4 * contender.timeoutMs);
    await pauseMs(forMs);
    const told = cluster.told.slice(since);
    const elections = told.filter(({ what }) => what === 'elected').length;
    const losses = told.filter(({ what }) => what === 'lost').length;
    const seconds = roundTo(forMs / 1000, 1);
    ports.progress(`${contender.name}: one dead, ${elections} elections`);
    const words = `${elections} elections and ${losses} losses in ${seconds} s`;
    return { words, figures: { elections, losses, seconds } };
  });
}

/** All servers end at once and come back, or all members do. */
async function restarted(contender: Contender, ports: ScenarioPorts): Promise<Outcome> {
  return inCluster(contender, 3, ports, false, async (running) => {
    const { cluster, servers: behind } = running;
    const leader = await calm(contender, cluster);
    if (behind === null) return restartMembers(contender, running, leader);
    const since = cluster.told.length;
    const all = Array.from({ length: behind.count }, (_, at) => at);
    await Promise.all(all.map((at) => behind.kill(at)));
    await pauseMs(servers.downMs);
    await Promise.all(all.map((at) => behind.start(at)));
    await pauseMs(servers.watchMs);
    const told = cluster.told.slice(since);
    const overlapMs = overlapOf([leader, ...told], process.hrtime.bigint());
    const elections = told.filter(({ what }) => what === 'elected').length;
    const losses = told.filter(({ what }) => what === 'lost').length;
    ports.progress(`${contender.name}: servers restarted, two led for ${overlapMs.toFixed(0)} ms`);
    const words =
      overlapMs > stepMs
        ? `two lead for ${roundTo(overlapMs / 1000, 1)} s of the ${servers.watchMs / 1000} s after`
        : `never two; ${elections} elections, ${losses} losses`;
    return { words, figures: { overlapMs: roundTo(overlapMs, 0), elections, losses } };
  });
}

async function restartMembers(
  contender: Contender,
  { cluster }: Running,
  leader: Told,
): Promise<Outcome> {
  const ids = [...cluster.ids];
  await Promise.all(ids.map((id) => cluster.kill(id)));
  const next = cluster.nextOrNull(({ what }) => what === 'elected', limitOf(contender));
  await Promise.all(ids.map((id) => cluster.startOne(id)));
  const told = await next;
  const before = leader.token;
  const after = told?.token ?? 0n;
  const isNewer = after > before;
  const words =
    told === null
      ? 'no leader after the restart'
      : `number of the leadership before ${before}, after ${after}: ` +
        (isNewer ? 'it goes up' : 'it was forgotten, so it fences nothing');
  return { words, figures: { before: String(before), after: String(after), isNewer } };
}

/** For how long two members took themselves for the leader at the same time. */
function overlapOf(told: readonly Told[], untilNs: bigint): number {
  const leading = new Set<number>();
  let lastNs = 0n;
  let overlapNs = 0n;
  for (const { what, id, atNs } of [...told].sort((a, b) => Number(a.atNs - b.atNs))) {
    if (leading.size > 1) overlapNs += atNs - lastNs;
    if (what === 'elected') leading.add(id);
    if (what === 'lost') leading.delete(id);
    lastNs = atNs;
  }
  if (leading.size > 1) overlapNs += untilNs - lastNs;
  return Number(overlapNs) / 1e6;
}

async function inCluster(
  contender: Contender,
  members: number,
  { directory }: ScenarioPorts,
  hasLinks: boolean,
  run: (running: Running) => Promise<Outcome>,
): Promise<Outcome> {
  const running = await contender.start(members, directory(), hasLinks);
  try {
    return await run(running);
  } finally {
    await running.close();
  }
}

/** A leader that has led for a while; whoever leads now if that does not come to be. */
async function calm(contender: Contender, cluster: Running['cluster']): Promise<Told> {
  const limitMs = limitOf(contender);
  await cluster.settled(limitMs, contender.tellsFollowing);
  await pauseMs(Math.max(500, 1.5 * contender.timeoutMs) * (1 + 0.1 * Math.random()));
  return cluster.settled(limitMs, contender.tellsFollowing);
}

function limitOf({ timeoutMs }: Contender): number {
  return Math.max(20_000, 5 * timeoutMs);
}

function inWords({ p50Ms, minMs, maxMs, count }: Spread): string {
  const digits = maxMs < 10 ? 1 : 0;
  const text = (ms: number): string => ms.toFixed(digits);
  if (count === 1) return `${text(p50Ms)} ms`;
  return `${text(p50Ms)} ms (${text(minMs)} to ${text(maxMs)})`;
}

function without(none: number): string {
  return none === 0 ? '' : `; ${none} times nobody led`;
}

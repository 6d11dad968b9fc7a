import type { Canary } from '../canaries/canary.ts';
import { canaries } from '../canaries/registry.ts';
import type { SimOptions } from './options.ts';
import { say } from './print.ts';
import { SeedPlayer } from './seed-player.ts';

/** So far apart are the first seeds of several runs. */
const apart = 100_000;

interface Hunt {
  readonly name: string;
  /** Of each run: how many seeds it took, null when none of them caught it. */
  readonly seeds: readonly (number | null)[];
  /** What it was caught as, with how often. */
  readonly as: ReadonlyMap<string, number>;
  /** Why it could not be planted. */
  readonly problem: string | null;
}

/** Every canary, each in a process of its own. @returns the exit status */
export async function runCanaries(options: SimOptions): Promise<number> {
  const startedMs = performance.now();
  const waiting = [...canaries];
  const hunts: Hunt[] = [];
  const work = async (): Promise<void> => {
    for (let canary = waiting.shift(); canary !== undefined; canary = waiting.shift()) {
      const found = await hunt(canary, options);
      hunts.push(found);
      say(`${hunts.length} of ${canaries.length} ${describe(found, options.count)}`);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  const caught = hunts.filter(isCaught);
  const medians = caught.map(({ seeds }) => median(seeds));
  say(
    `${caught.length} of ${canaries.length} canaries caught, ` +
      `median of the medians ${medians.length === 0 ? '-' : median(medians)} seeds, ` +
      `${Math.round((performance.now() - startedMs) / 1000)} s`,
  );
  say(
    JSON.stringify({
      canaries: Object.fromEntries(
        hunts.map((found) => [
          found.name,
          {
            caught: isCaught(found),
            median: isCaught(found) ? median(found.seeds) : null,
            seeds: found.seeds,
            as: Object.fromEntries(found.as),
          },
        ]),
      ),
      caught: caught.length,
      of: canaries.length,
    }),
  );
  if (hunts.some(({ problem }) => problem !== null)) return 4;
  return caught.length === canaries.length ? 0 : 3;
}

async function hunt(canary: Canary, options: SimOptions): Promise<Hunt> {
  const { name, scenario = 'kv', picture } = canary;
  const nodes = canary.nodes ?? options.nodes;
  const seeds: (number | null)[] = [];
  const as = new Map<string, number>();
  let player = new SeedPlayer(name);
  try {
    for (let run = 0; run < options.runs; run++) {
      const first = options.first + run * apart;
      let caught: number | null = null;
      for (let tried = 1; tried <= options.count && caught === null; tried++) {
        const seed = first + tried - 1;
        const { failure } = await player.play({
          scenario,
          seed,
          nodes,
          ...(picture === undefined ? {} : { picture }),
        });
        if (failure === null) continue;
        caught = tried;
        as.set(failure.name, (as.get(failure.name) ?? 0) + 1);
        if (failure.name !== 'hang') continue;
        player.close();
        player = new SeedPlayer(name);
      }
      seeds.push(caught);
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { name, seeds, as, problem };
  } finally {
    player.close();
  }
  return { name, seeds, as, problem: null };
}

function isCaught({ seeds, problem }: Hunt): boolean {
  return problem === null && seeds.length > 0 && seeds.every((needed) => needed !== null);
}

function describe(found: Hunt, count: number): string {
  const { name, seeds, as, problem } = found;
  if (problem !== null) return `${name}: NOT PLANTED: ${problem}`;
  const missed = seeds.filter((needed) => needed === null).length;
  if (missed > 0) return `${name}: NOT caught by ${count} seeds in ${missed} of ${seeds.length}`;
  const names = [...as].map(([failure, times]) => `${failure} (${times})`).join(', ');
  return seeds.length === 1
    ? `${name}: ${seeds[0]} seeds, ${names}`
    : `${name}: median ${median(seeds)} seeds of ${seeds.join(' ')}, ${names}`;
}

/** The lower one of two. */
function median(values: readonly (number | null)[]): number {
  const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}

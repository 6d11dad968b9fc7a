import type { Prng } from '@quorate/base';
import { defaultElectionTiming } from '../../src/index.ts';
import type { Candidates } from './candidates.ts';
import { CpuLoad } from './cpu-load.ts';
import { cut, type Weather } from './links.ts';

type Fault = (drawn: Drawn) => Promise<void> | void;

interface Drawn {
  readonly candidates: Candidates;
  readonly prng: Prng;
  /** Who led last, as far as is known. */
  readonly leader: number;
  /** Anyone. */
  readonly id: number;
  readonly other: number;
}

const { electionTimeoutMs } = defaultElectionTiming;

export function pause(ms: number): Promise<void> {
  return new Promise((fulfil) => setTimeout(fulfil, ms));
}

async function stop({ candidates, prng }: Drawn, id: number): Promise<void> {
  candidates.signal(id, 'SIGSTOP');
  await pause(prng.below(3 * electionTimeoutMs));
  candidates.signal(id, 'SIGCONT');
}

async function flap({ candidates, prng }: Drawn, id: number): Promise<void> {
  const turns = prng.between(3, 10);
  for (let turn = 0; turn < turns; turn++) {
    candidates.links.around(id, turn % 2 === 0 ? cut : drawnWeather(prng));
    await pause(prng.below(electionTimeoutMs));
  }
}

function drawnWeather(prng: Prng): Weather {
  const kind = prng.pick(['open', 'held', 'cut'] as const);
  return { kind, delayMs: prng.chance(0.5) ? 0 : prng.below(150) };
}

/** One side hears nothing of the other, and perhaps the other way round too. */
function split({ candidates, prng }: Drawn): void {
  const far = new Set(candidates.ids.filter(() => prng.chance(0.5)));
  const isBothWays = prng.chance(0.5);
  const weather = drawnWeather(prng);
  for (const from of candidates.ids) {
    for (const to of candidates.ids) {
      const isCrossing = far.has(from) !== far.has(to);
      if (isCrossing && (isBothWays || far.has(from))) candidates.links.set(from, to, weather);
    }
  }
}

const faults: Readonly<Record<string, Fault>> = {
  killLeader: ({ candidates, leader }) => candidates.kill(leader),
  killAny: ({ candidates, id }) => candidates.kill(id),
  killAll: ({ candidates }) => candidates.killAll(),
  stopLeader: (drawn) => stop(drawn, drawn.leader),
  stopAny: (drawn) => stop(drawn, drawn.id),
  async stopTwo(drawn) {
    await Promise.all([stop(drawn, drawn.leader), stop(drawn, drawn.id)]);
  },
  blockLeader({ candidates, leader, prng }) {
    const forMs = electionTimeoutMs * (1 + 2 * prng.float());
    candidates.command(leader, { kind: 'block', forMs });
  },
  actLate: ({ candidates, leader }) => candidates.command(leader, { kind: 'act late' }),
  transfer: ({ candidates, leader }) => candidates.command(leader, { kind: 'transfer' }),
  resign: ({ candidates, leader }) => candidates.command(leader, { kind: 'resign' }),
  cutLeader: ({ candidates, leader, prng }) =>
    candidates.links.around(leader, { ...drawnWeather(prng), kind: prng.pick(['held', 'cut']) }),
  cutAny: ({ candidates, id, prng }) => candidates.links.around(id, drawnWeather(prng)),
  cutOneWay: ({ candidates, id, other, prng }) =>
    candidates.links.set(id, other, drawnWeather(prng)),
  split,
  flapLeader: (drawn) => flap(drawn, drawn.leader),
  flapAny: (drawn) => flap(drawn, drawn.id),
  slow({ candidates, prng }) {
    const weather: Weather = { kind: 'open', delayMs: prng.below(150) };
    for (const id of candidates.ids) candidates.links.around(id, weather);
  },
  async load({ prng }) {
    using _ = new CpuLoad(prng.between(1, 4));
    await pause(prng.below(10 * electionTimeoutMs));
  },
};

const names = Object.keys(faults);

/** Draws what befalls candidates, and keeps count of it. */
export class Faults {
  readonly counts = new Map<string, number>();
  readonly #candidates: Candidates;
  readonly #prng: Prng;

  constructor(candidates: Candidates, prng: Prng) {
    this.#candidates = candidates;
    this.#prng = prng;
    candidates.listen(({ id, what }) => {
      if (what !== 'stands') return;
      setTimeout(() => candidates.signal(id, 'SIGCONT'), prng.below(3 * electionTimeoutMs));
    });
  }

  /** One to four at a time, overlapping, each with a pause after it. */
  async round(leader: number): Promise<void> {
    const count = this.#prng.between(1, 4);
    const running: Promise<void>[] = [];
    for (let fault = 0; fault < count; fault++) {
      running.push(this.#one(leader));
      await pause(this.#prng.below(2 * electionTimeoutMs));
    }
    await Promise.all(running);
  }

  async #one(leader: number): Promise<void> {
    const prng = this.#prng;
    const { ids } = this.#candidates;
    const name = prng.pick(names);
    const [id, other] = [prng.pick(ids), prng.pick(ids)];
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    await faults[name]?.({ candidates: this.#candidates, prng, leader, id, other });
  }

  /** Everyone runs and hears everyone. */
  async end(): Promise<void> {
    this.#candidates.links.heal();
    for (const id of this.#candidates.ids) this.#candidates.signal(id, 'SIGCONT');
    await this.#candidates.startAll();
  }
}

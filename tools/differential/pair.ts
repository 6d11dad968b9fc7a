import { present } from '@quorate/base';
import { rpcOf } from './calls.ts';
import type { Canary } from './canaries.ts';
import type { GatewayWatchStep, Outcome, Step, WatchOpenStep, WatchSendStep } from './operation.ts';
import { type Server, startEtcd, startQuorate } from './servers.ts';
import { Side } from './side.ts';
import type { WatchLog } from './watch-log.ts';

/** Etcd's answer, then ours. */
export type Both = readonly [Outcome, Outcome];

export interface PairOptions {
  readonly etcd: string;
  readonly canary: Canary | null;
}

/** What a watch has heard may take so long to be the same on both sides. */
const watchTimeoutMs = 4000;
/** A watch that cannot be seen to be up to date is given so long. */
const graceMs = 40;

const silent: Outcome = { status: 0, message: '', body: null };

/** Two servers that are told the same. */
export class Pair {
  readonly #servers: readonly [Server, Server];
  readonly #sides: readonly [Side, Side];

  private constructor(servers: readonly [Server, Server], canary: Canary | null) {
    const [etcd, ours] = servers;
    this.#servers = servers;
    this.#sides = [new Side(etcd.port, null), new Side(ours.port, canary)];
  }

  static async start({ etcd, canary }: PairOptions): Promise<Pair> {
    const started = await Promise.allSettled([startEtcd(etcd), startQuorate()]);
    const [first, second] = started;
    if (first.status === 'fulfilled' && second.status === 'fulfilled') {
      const pair = new Pair([first.value, second.value], canary);
      await pair.#learnIds();
      return pair;
    }
    for (const one of started) if (one.status === 'fulfilled') await one.value.stop();
    throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
  }

  /** @returns the last words of etcd when it has ended by itself */
  get etcdsEnd(): string | null {
    const [etcd] = this.#servers;
    return etcd.hasEnded() ? etcd.lastWords() : null;
  }

  get ourEnd(): string | null {
    const [, ours] = this.#servers;
    return ours.hasEnded() ? ours.lastWords() : null;
  }

  async close(): Promise<void> {
    for (const side of this.#sides) side.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  perform(step: Step): Promise<Both> {
    switch (step.kind) {
      case 'grpc':
        return this.#both((side) => side.grpc(step));
      case 'http':
        return this.#both((side) => side.http(step));
      case 'keepAlive':
        return this.#both((side) => side.keepAlive(step));
      case 'watchOpen':
        return this.#openWatch(step);
      case 'watchSend':
        return this.#send(step);
      case 'watchClose':
        return this.#both(async (side) => {
          side.closeWatch(step.stream);
          return silent;
        });
      case 'settle':
        return this.#settle();
      default:
        return this.#gatewayWatch(step);
    }
  }

  async #both(perform: (side: Side) => Promise<Outcome>): Promise<Both> {
    const [etcd, ours] = this.#sides;
    return await Promise.all([perform(etcd), perform(ours)]);
  }

  async #learnIds(): Promise<void> {
    for (const side of this.#sides) {
      const rpc = rpcOf('Maintenance/Status');
      side.memory.memberId = await side.memberId(rpc.path);
    }
  }

  #openWatch({ stream, as, requests }: WatchOpenStep): Promise<Both> {
    return this.#both(async (side) => {
      side.openWatch(stream, as);
      const { call, log } = present(side.watches.get(stream), 'it was opened just now');
      for (const request of requests) call.write(request);
      await soon(() => log.isOver || log.created > requests.length);
      return silent;
    });
  }

  #send({ stream, request, answers }: WatchSendStep): Promise<Both> {
    return this.#both(async (side) => {
      const watch = side.watches.get(stream);
      if (watch === undefined || watch.log.isOver) return silent;
      const wanted = watch.log.created + answers;
      watch.call.write(request);
      await soon(() => watch.log.isOver || watch.log.created >= wanted);
      return silent;
    });
  }

  async #settle(): Promise<Both> {
    if (this.#sides.every(({ watches }) => watches.size === 0)) return [silent, silent];
    const [etcd, ours] = await Promise.all(this.#sides.map((side) => side.mark()));
    const revisions = [etcd ?? 0, ours ?? 0];
    const isMarked = revisions.every((revision) => revision > 0);
    if (isMarked)
      await soon(() => this.#sides.every((side, at) => side.heardOf(revisions[at] ?? 0)));
    else await pause(graceMs);
    const heard = (): Both => this.#sides.map(heardBy) as unknown as Both;
    await soon(() => areEqual(heard()));
    const both = heard();
    if (areEqual(both)) for (const side of this.#sides) side.forgetHeard();
    return both;
  }

  /** Until a put that all such watches may hear of, and as long as it takes to be the same. */
  async #gatewayWatch({ body, as }: GatewayWatchStep): Promise<Both> {
    const watches = this.#sides.map((side) => side.watchOverHttp(body, as));
    await soon(() => watches.every(({ log }) => log.isOver || log.created > 0));
    await Promise.all(this.#sides.map((side) => side.mark()));
    await pause(graceMs / 2);
    const outcomes = () => watches.map(({ log }) => outcomeOf(log)) as unknown as Both;
    await soon(() => areEqual(outcomes()));
    const both = outcomes();
    for (const { end } of watches) end();
    return both;
  }
}

function heardBy(side: Side): Outcome {
  const streams = [...side.watches].map(([stream, { log }]) => [`stream ${stream}`, log.heard()]);
  return { ...silent, body: Object.fromEntries(streams) as unknown };
}

function outcomeOf(log: WatchLog): Outcome {
  return { ...silent, body: log.heard() };
}

export function areEqual([etcd, ours]: Both): boolean {
  return JSON.stringify(etcd) === JSON.stringify(ours);
}

/** Fulfilled when it is true, or will not be any more. */
async function soon(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + watchTimeoutMs;
  for (let wait = 0; !isTrue() && performance.now() < deadline; wait = Math.min(20, wait + 1)) {
    await pause(wait);
  }
}

function pause(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs));
}

import { present } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { rpcOf } from './calls.ts';
import type { Canary } from './canaries.ts';
import { firstDifference } from './first-difference.ts';
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
const watchTimeoutMs = 6000;
/** A watch that cannot be seen to be up to date is given so long. */
const graceMs = 40;
/** A watch over the gateway that neither server has said anything to by then asks for nothing. */
const silenceMs = 600;

const silent: Outcome = { status: 0, message: '', body: null };

/** Two servers that are told the same. */
export class Pair {
  readonly #servers: readonly [Server, Server];
  readonly #sides: readonly [Side, Side];
  /** By stream, the last revision from which a watch was to begin. */
  readonly #farthest = new Map<number, number>();
  /** The revision of the last marker. */
  #head = 0;

  private constructor(servers: readonly [Server, Server], canary: Canary | null) {
    const [first, second] = servers;
    this.#servers = servers;
    this.#sides = [new Side(first.port, null), new Side(second.port, canary)];
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

  /**
   * @param both what was heard last
   * @returns the last words of etcd when it has ended by itself
   */
  async etcdsEnd([heard]: Both): Promise<string | null> {
    const [first] = this.#servers;
    if (isLost(heard)) await soon(() => first.hasEnded());
    return first.hasEnded() ? first.lastWords() : null;
  }

  /** How often the canary has changed our answers. */
  get plants(): number {
    return this.#sides[1].plants;
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
      case 'watchProgress':
        return this.#progress(step.stream);
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
    const [first, second] = this.#sides;
    const [etcd, ours] = await Promise.all([perform(first), perform(second)]);
    if (!isLost(ours)) return [etcd, ours];
    const [, server] = this.#servers;
    await soon(() => server.hasEnded());
    const message = server.hasEnded()
      ? `our server has ended: ${server.lastWords()}`
      : ours.message;
    return [etcd, { ...ours, message }];
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
      for (const request of requests) this.#noteStart(stream, request);
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
      this.#noteStart(stream, request);
      watch.call.write(request);
      await soon(() => watch.log.isOver || watch.log.created >= wanted);
      return silent;
    });
  }

  /** A server that says nothing has a watch that has not begun, and is given little time. */
  async #progress(stream: number): Promise<Both> {
    const watches = this.#sides.map((side) => side.watches.get(stream));
    if (watches.some((watch) => watch === undefined || watch.log.isOver)) return [silent, silent];
    const before = watches.map((watch) => watch?.log.progress[0] ?? 0);
    const startedMs = performance.now();
    const request = encodeMessage(etcd.WatchRequest, { progressRequest: {} });
    for (const watch of watches) watch?.call.write(request);
    const hasTold = (at: number) => (watches[at]?.log.progress[0] ?? 0) > (before[at] ?? 0);
    await soon(() => {
      if (hasTold(0) && hasTold(1)) return true;
      return this.#isWaiting(stream) && hasTold(0) && performance.now() - startedMs > silenceMs;
    });
    const isWaiting = this.#isWaiting(stream);
    const told = watches.map((watch, at) => ({
      ...silent,
      body: { isWaiting, revision: hasTold(at) ? watch?.log.progress[1] : null },
    }));
    return told as unknown as Both;
  }

  /** A watch of that stream begins at a revision to come, or nobody may watch over it. */
  #isWaiting(stream: number): boolean {
    if (this.#sides.every(({ watches }) => watches.get(stream)?.log.isMarked !== true)) return true;
    return (this.#farthest.get(stream) ?? 0) > this.#head;
  }

  #noteStart(stream: number, request: Uint8Array): void {
    const start = decodeMessage(etcd.WatchRequest, request)?.createRequest?.startRevision ?? 0;
    this.#farthest.set(stream, Math.max(start, this.#farthest.get(stream) ?? 0));
  }

  async #settle(): Promise<Both> {
    if (this.#sides.every(({ watches }) => watches.size === 0)) return [silent, silent];
    const revisions = await Promise.all(this.#sides.map((side) => side.mark()));
    this.#head = Math.max(this.#head, ...revisions);
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
    const startedMs = performance.now();
    const watches = this.#sides.map((side) => side.watchOverHttp(body, as));
    const hasSpoken = ({ log }: { readonly log: WatchLog }) => log.isOver || log.created > 0;
    await soon(() => {
      if (watches.every(hasSpoken)) return true;
      // Who asks for nothing hears nothing, of both.
      return !watches.some(hasSpoken) && performance.now() - startedMs > silenceMs;
    });
    await Promise.all(this.#sides.map((side) => side.mark()));
    await pause(graceMs / 2);
    const outcomes = () => watches.map(({ log }) => outcomeOf(log)) as unknown as Both;
    await soon(() => areEqual(outcomes()) || watches.every(({ log }) => log.isOver));
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

export function areEqual([first, second]: Both): boolean {
  return firstDifference(first, second) === null;
}

/** The connection broke, or none could be made. */
function isLost({ status }: Outcome): boolean {
  return status === 14 || status === -1;
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

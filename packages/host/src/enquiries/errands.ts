import { type Clock, parseAddress, type Timers } from '@quorate/base';
import type { RuntimeError } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';
import type { HostTuning } from '../host.ts';
import type { GroupRoute } from './group-route.ts';
import { type LimitedEnquirer, mayHaveArrived } from './limited-enquirer.ts';
import type { DescribedGroup, DescribedMember } from './messages.ts';
import { overloaded } from './reach-errors.ts';
import { decodeReachAnswer, type ReachAnswer } from './reach-messages.ts';

/** Where what is asked of a group is to be done. */
export type Place = 'here' | 'elsewhere' | 'unknown';

/** It is done; or another member is to be asked; or, in a moment, whoever is there. */
export type Next = 'over' | 'another' | 'later';

/** Something asked of the group, until it is done here or somebody elsewhere has answered. */
export interface Errand {
  readonly deadlineMs: number;
  readonly bytes: number;
  /** Whether it counts among what waits. */
  isHeld: boolean;
  /** Members that have declined since the group was last located. */
  readonly declined: Set<NodeId>;
  readonly request: () => Uint8Array;
  /** Does it here, where the group is. */
  readonly here: () => void;
  /** Takes what a member says. */
  readonly answered: (answer: ReachAnswer) => Next;
  /** An answer was lost, of a request that may have arrived. */
  readonly lost: (error: Error) => Next;
  readonly fail: (error: RuntimeError) => void;
  readonly late: () => void;
}

export interface ErrandsOptions {
  readonly route: GroupRoute;
  readonly place: () => Place;
  readonly enquirer: Pick<LimitedEnquirer, 'ask'>;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly tuning: HostTuning;
  /** Asks the cluster where the group is; null: nobody who answered knows. */
  readonly locate: (done: (found: DescribedGroup | null) => void) => void;
}

/** Between two attempts to find out where the group is, and before what is tried later. */
const pauseMs = 100;

/** Runs what is asked of one group: here, or by asking its members one after the other. */
export class Errands {
  readonly #options: ErrandsOptions;
  #locating: (() => void)[] | null = null;
  #locatedMs = Number.NEGATIVE_INFINITY;
  #bytesWaiting = 0;
  /** Null: it is open. */
  #closedFor: RuntimeError | null = null;

  constructor(options: ErrandsOptions) {
    this.#options = options;
  }

  run(errand: Errand): void {
    const { tuning, timers, place } = this.#options;
    if (place() === 'here') errand.here();
    else if (this.#hold(errand)) this.#go(errand);
    else timers.defer(() => errand.fail(overloaded(tuning.heartbeatIntervalMs)));
  }

  /** @returns false when too much waits already */
  runLater(errand: Errand): boolean {
    if (!this.#hold(errand)) return false;
    errand.declined.clear();
    this.#options.timers.after(pauseMs / 2, () => this.#go(errand));
    return true;
  }

  close(reason: RuntimeError): void {
    this.#closedFor ??= reason;
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #hold(errand: Errand): boolean {
    if (errand.isHeld) return true;
    const waiting = this.#bytesWaiting;
    const { maxUncommittedBytes } = this.#options.tuning;
    if (waiting > 0 && waiting + errand.bytes > maxUncommittedBytes) return false;
    this.#bytesWaiting += errand.bytes;
    errand.isHeld = true;
    return true;
  }

  #over(errand: Errand): void {
    if (errand.isHeld) this.#bytesWaiting -= errand.bytes;
    errand.isHeld = false;
  }

  #go(errand: Errand): void {
    const place = this.#options.place();
    const closed = this.#closedFor;
    if (closed !== null || place === 'here' || this.#nowMs + pauseMs >= errand.deadlineMs) {
      this.#over(errand);
      if (closed !== null) errand.fail(closed);
      else if (place === 'here') errand.here();
      else errand.late();
      return;
    }
    const others = place === 'elsewhere' ? this.#options.route.others : [];
    const member = others.find(({ id }) => !errand.declined.has(id));
    if (member !== undefined) {
      this.#ask(errand, member);
      return;
    }
    errand.declined.clear();
    this.#locate(() => this.#go(errand));
  }

  #ask(errand: Errand, { id, address }: DescribedMember): void {
    const { enquirer, tuning, route } = this.#options;
    errand.declined.add(id);
    const at = parseAddress(address);
    if (at === null) {
      this.#go(errand);
      return;
    }
    // A member answers within its own request timeout, and a little.
    const timeoutMs = 1.5 * tuning.requestTimeoutMs;
    enquirer.ask(at, errand.request(), timeoutMs, (error, body) => {
      const answer = body === null ? null : decodeReachAnswer(body);
      let next: Next = 'another';
      if (answer !== null) {
        if (answer.kind !== 'failed') route.ledBy(answer.leader);
        next = errand.answered(answer);
      } else if (error === null || mayHaveArrived(error)) {
        next = errand.lost(error ?? new Error('its answer is of another version'));
      } else {
        route.unreachable(id);
      }
      if (next === 'over') this.#over(errand);
      else if (next === 'later') this.runLater(errand);
      else this.#go(errand);
    });
  }

  /** Everyone who waits for it shares one question, and one at a time is asked. */
  #locate(then: () => void): void {
    if (this.#locating !== null) {
      this.#locating.push(then);
      return;
    }
    const waiting = [then];
    this.#locating = waiting;
    const { timers, locate, route } = this.#options;
    const soonestMs = this.#locatedMs + pauseMs;
    timers.after(Math.max(0, soonestMs - this.#nowMs), () => {
      locate((found) => {
        if (found !== null) route.located(found);
        this.#locatedMs = this.#nowMs;
        this.#locating = null;
        for (const waiter of waiting) waiter();
      });
    });
  }
}

import type { Address, Clock, Timers } from '@quorate/base';
import {
  checkDurability,
  checkRead,
  type GroupHandle,
  type ProposeOptions,
  type ReadDone,
  type ReadOptions,
  type RuntimeError,
} from '@quorate/runtime';
import type { GroupId, LogIndex, NodeId } from '@quorate/schema';
import type {
  GroupService,
  HostTuning,
  QueryDone,
  QueryOptions,
  ReachableGroup,
  ReachedDone,
} from '../host.ts';
import { type Errand, Errands, type Place } from './errands.ts';
import { GroupRoute } from './group-route.ts';
import type { LimitedEnquirer } from './limited-enquirer.ts';
import type { DescribedGroup } from './messages.ts';
import { errorOf, noLeader, readTimeout, unknownOutcome } from './reach-errors.ts';
import { encodeReachRequest, type QueryConsistency } from './reach-messages.ts';

export interface ReachedGroupOptions {
  readonly id: GroupId;
  readonly nodeId: NodeId;
  readonly handle: GroupHandle<unknown>;
  readonly service: GroupService;
  readonly enquirer: Pick<LimitedEnquirer, 'ask'>;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly tuning: HostTuning;
  /** Asks the cluster where the group is; null: nobody who answered knows. */
  readonly locate: (done: (found: DescribedGroup | null) => void) => void;
}

/** A move takes a moment to take a member away after it was released; then the log knows. */
const releaseMs = 30_000;
/** A leader was deposed; the next one may be asked, as nothing came of it. */
const neverHappened: ReadonlySet<unknown> = new Set([
  'RUNTIME_NOT_LEADER',
  'RUNTIME_PROPOSAL_LOST',
]);
/** What any command counts for beside its bytes. */
const errandBytes = 64;

/**
 * One group as this node reaches it. A voter that knows a leader uses its own replica. Any other
 * node asks a voter, one after the other, and asks a second one to do the same only if it is sure
 * that the first has done nothing.
 */
export class ReachedGroup implements ReachableGroup {
  readonly #options: ReachedGroupOptions;
  readonly #route: GroupRoute;
  readonly #errands: Errands;
  #releasedUntilMs = Number.NEGATIVE_INFINITY;
  /** Under way in the replica here. */
  #underWay = 0;
  #idleWaiters: (() => void)[] = [];

  constructor(options: ReachedGroupOptions) {
    this.#options = options;
    this.#route = new GroupRoute(options.nodeId);
    this.#errands = new Errands({ ...options, route: this.#route, place: () => this.place });
  }

  get service(): GroupService {
    return this.#options.service;
  }

  /** As the replica here knows it; 0: none. */
  get leader(): NodeId {
    return this.#options.handle.status().leader;
  }

  /** Members as last located, the leader first. */
  get contacts(): readonly Address[] {
    return this.#route.addresses;
  }

  /** Whether the replica here is one, as far as it knows, and has data. */
  get isVoter(): boolean {
    const { configuration, role } = this.#options.handle.status();
    return configuration.voters.includes(this.#options.nodeId) && role !== 'witness';
  }

  get place(): Place {
    const { handle, nodeId } = this.#options;
    const { configuration, configurationIndex, leader, role } = handle.status();
    const isVoter = configuration.voters.includes(nodeId) && role !== 'witness';
    if (!isVoter || this.#nowMs < this.#releasedUntilMs) {
      return this.#route.others.length > 0 ? 'elsewhere' : 'unknown';
    }
    if (leader !== 0) return 'here';
    // It may have been removed while it was away.
    return this.#route.leavesOut(configurationIndex) ? 'elsewhere' : 'unknown';
  }

  propose(command: Uint8Array, done: ReachedDone, options: ProposeOptions = {}): void {
    if (options.durability !== undefined) checkDurability(options.durability);
    const startMs = this.#nowMs;
    if (this.place === 'here') {
      this.proposeHere(
        command,
        (error, applied) => {
          const isOver = error === null || !this.#mayPass(error, startMs);
          const errand = isOver ? null : this.#proposal(command, done, options, startMs);
          if (errand === null || !this.#errands.runLater(errand)) done(error, applied);
        },
        options,
      );
    } else {
      this.#errands.run(this.#proposal(command, done, options, startMs));
    }
  }

  #proposal(
    command: Uint8Array,
    done: ReachedDone,
    options: ProposeOptions,
    startMs: number,
  ): Errand {
    const { id, tuning } = this.#options;
    const { durability = null } = options;
    const errand: Errand = {
      deadlineMs: startMs + tuning.requestTimeoutMs,
      bytes: command.length + errandBytes,
      isHeld: false,
      declined: new Set(),
      request: () => encodeReachRequest({ kind: 'propose', group: id, durability, command }),
      here: () => {
        const tried: ReachedDone = (error, applied) => {
          const isOver = error === null || !this.#mayPass(error, startMs);
          if (isOver || !this.#errands.runLater(errand)) done(error, applied);
        };
        this.proposeHere(command, tried, options);
      },
      answered: (answer) => {
        if (answer.kind === 'elsewhere') return 'another';
        if (answer.kind === 'failed') {
          const error = errorOf(answer);
          if (this.#mayPass(error, startMs)) return 'later';
          done(error, null);
        } else if (answer.kind === 'applied') {
          this.#applied(answer.index, answer.result, done);
        } else {
          done(unknownOutcome('linkLost', 'a member answered something else'), null);
        }
        return 'over';
      },
      lost: (error) => {
        done(unknownOutcome('linkLost', error.message), null);
        return 'over';
      },
      fail: (error) => done(error, null),
      late: () => done(noLeader(tuning.electionTimeoutMs), null),
    };
    return errand;
  }

  /** Whether nothing has come of an attempt for sure, and another one may do better. */
  #mayPass(error: Error, startMs: number): boolean {
    const code = 'code' in error ? error.code : '';
    // No leader takes anything while it hands the lead over.
    const handoverMs = 2 * this.#options.tuning.electionTimeoutMs;
    const isHandover = code === 'RUNTIME_OVERLOADED' && this.#nowMs < startMs + handoverMs;
    return isHandover || neverHappened.has(code);
  }

  #applied(index: LogIndex, bytes: Uint8Array, done: ReachedDone): void {
    let result: unknown;
    try {
      result = this.#options.service.decodeResult(bytes);
    } catch (error) {
      done(unknownOutcome('linkLost', `its result cannot be read: ${String(error)}`), null);
      return;
    }
    done(null, { index, result });
  }

  query(query: Uint8Array, options: QueryOptions, done: QueryDone): void {
    const { id, tuning } = this.#options;
    const consistency = consistencyOf(options);
    const { requestTimeoutMs: timeoutMs } = tuning;
    const late = (): void => done(readTimeout(timeoutMs), null);
    this.#errands.run({
      deadlineMs: this.#nowMs + timeoutMs,
      bytes: query.length + errandBytes,
      isHeld: false,
      declined: new Set(),
      request: () => encodeReachRequest({ kind: 'query', group: id, query, ...consistency }),
      here: () => this.queryHere(query, consistency, done),
      answered: (answer) => {
        if (answer.kind === 'answered') done(null, answer.answer);
        else if (answer.kind === 'failed' && answer.code === 'HOST_QUERY_FAILED')
          done(errorOf(answer), null);
        else return 'another';
        return 'over';
      },
      // Reading twice is as reading once.
      lost: () => 'another',
      fail: (error) => done(error, null),
      late,
    });
  }

  /** Through the replica here, whatever `place` says. */
  proposeHere(command: Uint8Array, done: ReachedDone, options: ProposeOptions): void {
    this.#underWay += 1;
    this.#options.handle.propose(
      command,
      (error, applied) => {
        this.#ended();
        done(error, applied);
      },
      options,
    );
  }

  queryHere(query: Uint8Array, options: QueryConsistency, done: QueryDone): void {
    const { handle, service } = this.#options;
    const { consistency, maxStalenessMs, minIndex } = options;
    const look = (): readonly [Error | null, Uint8Array | null] => {
      try {
        return [null, service.answer(query)];
      } catch (error) {
        return [error instanceof Error ? error : new Error(String(error)), null];
      }
    };
    const read = consistency === 'lease' ? handle.leaseRead(look) : null;
    if (read !== null && read.index >= minIndex) {
      this.#options.timers.defer(() => done(...read.value));
      return;
    }
    this.readBarrier(
      (error) => {
        if (error === null) done(...look());
        else done(error, null);
      },
      {
        maxStalenessMs: consistency === 'local' ? Number.POSITIVE_INFINITY : maxStalenessMs,
        minIndex,
      },
    );
  }

  readBarrier(done: ReadDone, options?: ReadOptions): void {
    this.#underWay += 1;
    this.#options.handle.readBarrier((error, index) => {
      this.#ended();
      done(error, index);
    }, options);
  }

  /** The group was located, by this or by somebody else's question. */
  located(found: DescribedGroup): void {
    this.#route.located(found);
  }

  /**
   * From now on others are asked, for a while: this node is about to be removed from the group.
   *
   * @param done once nothing is under way in the replica here
   */
  release(done: () => void): void {
    this.#releasedUntilMs = this.#nowMs + releaseMs;
    if (this.#underWay === 0) done();
    else this.#idleWaiters.push(done);
  }

  /** @param reason what is told to whoever still waits, and to whoever asks from now on */
  close(reason: RuntimeError): void {
    this.#errands.close(reason);
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #ended(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    for (const waiter of this.#idleWaiters.splice(0)) waiter();
  }
}

function consistencyOf(options: QueryOptions): QueryConsistency {
  const { consistency = 'linearizable', maxStalenessMs = 0, minIndex = 0 } = options;
  checkRead(maxStalenessMs, minIndex);
  const isBounded = consistency === 'bounded';
  // No limit would not travel as a number; a day is as good.
  const boundMs = Math.floor(Math.min(maxStalenessMs, 86_400_000));
  return { consistency, maxStalenessMs: isBounded ? boundMs : 0, minIndex };
}

import { type Clock, formatAddress, present, type Timers } from '@quorate/base';
import type { Host } from '@quorate/host';
import {
  type Applied,
  closingError,
  type GroupHandle,
  type GroupStatus,
  PlainCommands,
  type ProposeDone,
  RuntimeError,
  type SessionResult,
} from '@quorate/runtime';
import type { DurabilityClass, GroupId, NodeId } from '@quorate/schema';
import { NodeError } from '../node-error.ts';
import { addressOf } from './addresses.ts';
import {
  checkNewMember,
  checkProposeOptions,
  checkReadOptions,
  checkSessionOptions,
} from './call-options.ts';
import { LeadershipEvents } from './leadership-events.ts';
import type { PreparedMachine } from './machine-forms.ts';
import type {
  Group,
  LeadershipEvent,
  MemberInfo,
  NewMember,
  ProposeOptions,
  ReadOptions,
} from './node.ts';
import { abortable, look, maxStalenessOf, readAt } from './reading.ts';
import { checkId, refuseOption } from './refuse-option.ts';
import { RunningSession, type Session, type SessionOptions } from './session.ts';

/** What a group asks of its replica here. */
export type GroupReplica = Pick<
  GroupHandle<SessionResult<unknown>>,
  'propose' | 'readBarrier' | 'leaseRead' | 'status' | 'onLeadership'
>;

/** As the runtime has them for proposals without a session. */
const drainMs = 2000;
const standstillMs = 600;
const drainCheckMs = 10;

export interface GroupParts {
  readonly name: string;
  readonly id: GroupId;
  readonly replica: GroupReplica;
  readonly host: Pick<Host, 'changeMembers' | 'transferLeadership'>;
  readonly machine: PreparedMachine;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** What this node was told at the start; the log may know better. */
  readonly addresses: ReadonlyMap<NodeId, string>;
}

/**
 * One replicated state machine, in promises. It is a `Group` of its state machine's own types for
 * whoever named that machine; in here they are unknown.
 */
export class RunningGroup implements Omit<Group<unknown>, 'propose' | 'read' | 'openSession'> {
  readonly name: string;
  readonly #parts: GroupParts;
  readonly #replica: GroupReplica;
  readonly #plainCommands = new PlainCommands();
  readonly #events: LeadershipEvents;
  #isClosing = false;
  readonly #sessions = new Set<RunningSession>();

  constructor(parts: GroupParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#replica = parts.replica;
    this.#events = new LeadershipEvents(parts.timers);
    this.#replica.onLeadership((status) => this.#events.changed(status));
    this.#events.changed(this.#replica.status());
  }

  /** Many are under way at once, so each costs one promise: a signal costs more. */
  propose(command: unknown, options?: ProposeOptions): Promise<Applied<unknown>> {
    if (options === undefined) {
      return new Promise((fulfil, reject) => this.#begin(command, undefined, fulfil, reject));
    }
    return this.#proposeWith(command, options);
  }

  async #proposeWith(command: unknown, options: ProposeOptions): Promise<Applied<unknown>> {
    checkProposeOptions(options);
    const { signal, session, durability } = options;
    const own = session === undefined ? null : this.#own(session);
    signal?.throwIfAborted();
    return abortable(signal, unknownOutcome, (fulfil, reject) => {
      if (own === null) this.#begin(command, durability, fulfil, reject);
      else own.propose(command).then(fulfil, reject);
    });
  }

  /** A command in another group's session would be applied there. */
  #own(session: unknown): RunningSession {
    if (session instanceof RunningSession && session.isOf(this.#replica)) return session;
    const what = session instanceof RunningSession ? 'is of another group or node' : 'is none';
    return refuseOption('session', what, `give one that group '${this.name}' of this node opened`);
  }

  /** @throws what the state machine's `checkCommand` does */
  #begin(
    command: unknown,
    durability: DurabilityClass | undefined,
    fulfil: (applied: Applied<unknown>) => void,
    reject: (error: unknown) => void,
  ): void {
    const { machine, replica } = this.#parts;
    if (this.#isClosing) {
      reject(closingError());
      return;
    }
    const bytes = this.#plainCommands.encode(machine.encode(command));
    const done: ProposeDone<SessionResult<unknown>> = (error, applied) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const { index, result } = present(applied, 'no error, so there is a result');
      // What was encoded here as a plain command is applied as one.
      const inner = result.kind === 'applied' ? result.result : undefined;
      try {
        fulfil({ index, result: machine.resultOf(inner) });
      } catch (thrown) {
        reject(thrown);
      }
    };
    if (durability === undefined) replica.propose(bytes, done);
    else replica.propose(bytes, done, { durability });
  }

  async read(what: unknown, options: ReadOptions = {}): Promise<unknown> {
    checkReadOptions(options);
    const { consistency, minIndex = 0, signal } = options;
    const { machine } = this.#parts;
    signal?.throwIfAborted();
    if (consistency === 'lease') {
      const read = this.#replica.leaseRead(() => look(machine, what));
      if (read !== null && read.index >= minIndex) return read.value;
    }
    const maxStalenessMs = maxStalenessOf(options);
    return readAt(machine, what, signal, (passed) =>
      this.#replica.readBarrier(passed, { maxStalenessMs, minIndex }),
    );
  }

  openSession(options: SessionOptions = {}): Session<unknown, unknown> {
    checkSessionOptions(options);
    const { machine, clock, timers } = this.#parts;
    const ended = (over: RunningSession): void => void this.#sessions.delete(over);
    const session = new RunningSession(
      { handle: this.#replica, machine, clock, timers, ended },
      options,
    );
    this.#sessions.add(session);
    return session;
  }

  status(): GroupStatus {
    return this.#replica.status();
  }

  members(): readonly MemberInfo[] {
    const { configuration, leader } = this.#replica.status();
    const { voters, votersOutgoing, learners, learnersNext, members } = configuration;
    const deciding = new Set([...voters, ...votersOutgoing]);
    const all = [...new Set([...deciding, ...learners, ...learnersNext])].sort((a, b) => a - b);
    return all.map((id) => {
      const known = members.find((member) => member.id === id);
      const role = deciding.has(id) ? 'voter' : 'learner';
      return {
        id,
        address: known?.address || (this.#parts.addresses.get(id) ?? ''),
        role: known?.witness === true ? 'witness' : role,
        isLeader: id === leader,
      };
    });
  }

  async addMember(given: NewMember): Promise<void> {
    checkNewMember(given);
    const { id, address, learner = false } = given;
    const text = formatAddress(addressOf('address', address, 1));
    const member = { address: text, promote: !learner };
    await this.#change([{ kind: 'addLearner', id, member }]);
  }

  async removeMember(id: NodeId): Promise<void> {
    checkId('id', id);
    if (await this.#isStranger(id)) {
      const message = `node ${id} is no member of group '${this.name}': members() names them`;
      throw new NodeError('NODE_MEMBER_UNKNOWN', message, { group: this.name, id });
    }
    await this.leave(id);
  }

  /** As `removeMember`; also of one that is gone already. */
  async leave(id: NodeId): Promise<void> {
    await this.#change([{ kind: 'remove', id }]);
  }

  /** Who is no member itself cannot tell. */
  async #isStranger(id: NodeId): Promise<boolean> {
    const isMember = (one: NodeId): boolean => this.members().some((member) => member.id === one);
    if (isMember(id) || !isMember(this.#replica.status().node)) return false;
    // The log here may be behind.
    await new Promise<void>((fulfil, reject) => {
      this.#replica.readBarrier((error) => {
        if (error === null) fulfil();
        else reject(error);
      });
    });
    return !isMember(id);
  }

  #change(steps: Parameters<Host['changeMembers']>[1]): Promise<void> {
    const { host, id, timeoutMs } = this.#parts;
    return new Promise((fulfil, reject) => {
      host.changeMembers(id, steps, timeoutMs, (error) => {
        if (error === null) fulfil();
        else reject(error);
      });
    });
  }

  async transferLeadership(to?: NodeId): Promise<void> {
    if (to !== undefined) checkId('to', to);
    const { host, id, timeoutMs } = this.#parts;
    await new Promise<void>((fulfil, reject) => {
      host.transferLeadership(id, to ?? null, timeoutMs, (error) => {
        if (error === null) fulfil();
        else reject(error);
      });
    });
  }

  onLeadership(listener: (event: LeadershipEvent) => void): () => void {
    return this.#events.listen(listener);
  }

  leadership(signal?: AbortSignal): AsyncIterableIterator<LeadershipEvent> {
    return this.#events.iterate(signal);
  }

  /**
   * Before the node closes: takes nothing new, and lets what sessions have under way finish, as
   * long as it does. What they would still send afterwards could not be answered.
   */
  async drain(): Promise<void> {
    const { clock, timers } = this.#parts;
    this.#isClosing = true;
    const beganMs = clock.monotonicMs();
    let movedMs = beganMs;
    let before = Number.POSITIVE_INFINITY;
    for (;;) {
      let left = 0;
      for (const session of this.#sessions) left += session.drain();
      const nowMs = clock.monotonicMs();
      if (left < before) movedMs = nowMs;
      before = left;
      if (left === 0 || nowMs - beganMs >= drainMs || nowMs - movedMs >= standstillMs) break;
      await new Promise<void>((fulfil) => void timers.after(drainCheckMs, fulfil));
    }
    for (const session of this.#sessions) session.abandon();
  }

  /** After the node has closed: listeners hear the end. */
  close(): void {
    this.#events.close();
  }
}

function unknownOutcome(cause: unknown): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    'The wait for the answer was ended; the command may have been applied, or may be yet.',
    { reason: 'aborted' },
    { cause },
  );
}

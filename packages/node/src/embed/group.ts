import { type Clock, formatAddress, present, type Timers } from '@quorate/base';
import type { Host } from '@quorate/host';
import {
  type Applied,
  encodeSessionCommand,
  type GroupHandle,
  type GroupStatus,
  type ReadOptions as HandleReadOptions,
  RuntimeError,
  type SessionResult,
} from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { addressOf } from './addresses.ts';
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
import { RunningSession, type Session, type SessionOptions } from './session.ts';

export interface GroupParts {
  readonly name: string;
  readonly id: GroupId;
  readonly host: Host;
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
  readonly #handle: GroupHandle<SessionResult<unknown>>;
  readonly #events = new LeadershipEvents();
  readonly #sessions = new Set<RunningSession>();

  constructor(parts: GroupParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#handle = parts.host.group(parts.id);
    this.#handle.onLeadership((status) => this.#events.changed(status));
    this.#events.changed(this.#handle.status());
  }

  async propose(command: unknown, options: ProposeOptions = {}): Promise<Applied<unknown>> {
    const { signal, session, durability } = options;
    signal?.throwIfAborted();
    if (session !== undefined) return session.propose(command as never);
    const bytes = encodeSessionCommand({
      kind: 'plain',
      command: this.#parts.machine.encode(command),
    });
    const { index, result } = await abortable<Applied<SessionResult<unknown>>>(
      signal,
      unknownOutcome,
      (fulfil, reject) => {
        this.#handle.propose(
          bytes,
          (error, applied) => {
            if (error === null) fulfil(present(applied, 'no error, so there is a result'));
            else reject(error);
          },
          durability === undefined ? {} : { durability },
        );
      },
    );
    // What was encoded here as a plain command is applied as one.
    const inner = result.kind === 'applied' ? result.result : undefined;
    return { index, result: this.#parts.machine.resultOf(inner) };
  }

  async read(what: unknown, options: ReadOptions = {}): Promise<unknown> {
    const { consistency = 'linearizable', minIndex = 0, signal } = options;
    signal?.throwIfAborted();
    const look = (): unknown => this.#look(what);
    if (consistency === 'lease') {
      const read = this.#handle.leaseRead(look);
      if (read !== null && read.index >= minIndex) return read.value;
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const aborted = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    this.#handle.readBarrier(
      (error) => {
        if (error !== null) {
          reject(error);
          return;
        }
        try {
          resolve(look());
        } catch (thrown) {
          reject(thrown);
        }
      },
      barrierOptions(consistency, minIndex, options.maxStalenessMs),
    );
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
  }

  #look(what: unknown): unknown {
    const { machine } = this.#parts;
    const answer = typeof what === 'function' ? what(machine.machine) : machine.query(what);
    if (typeof (answer as { then?: unknown } | null | undefined)?.then === 'function') {
      throw new TypeError('a read is synchronous: what it returns must not be a promise');
    }
    return answer;
  }

  openSession(options: SessionOptions = {}): Session<unknown, unknown> {
    const { machine, clock, timers } = this.#parts;
    const ended = (over: RunningSession): void => void this.#sessions.delete(over);
    const session = new RunningSession(
      { handle: this.#handle, machine, clock, timers, ended },
      options,
    );
    this.#sessions.add(session);
    return session;
  }

  status(): GroupStatus {
    return this.#handle.status();
  }

  members(): readonly MemberInfo[] {
    const { configuration, leader } = this.#handle.status();
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

  async addMember({ id, address, learner = false }: NewMember): Promise<void> {
    const text = formatAddress(addressOf('address', address, 1));
    const member = { address: text, promote: !learner };
    await this.#change([{ kind: 'addLearner', id, member }]);
  }

  async removeMember(id: NodeId): Promise<void> {
    await this.#change([{ kind: 'remove', id }]);
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

  transferLeadership(to?: NodeId): Promise<void> {
    const { host, id, timeoutMs } = this.#parts;
    return new Promise((fulfil, reject) => {
      host.transferLeadership(id, to ?? null, timeoutMs, (error) => {
        if (error === null) fulfil();
        else reject(error);
      });
    });
  }

  onLeadership(listener: (event: LeadershipEvent) => void): () => void {
    return this.#events.listen(listener);
  }

  leadership(signal?: AbortSignal): AsyncIterable<LeadershipEvent> {
    return this.#events.iterate(signal);
  }

  /** Before the node closes: what they would still send could not be answered. */
  closeSessions(): void {
    for (const session of this.#sessions) session.abandon();
  }

  /** After the node has closed: listeners hear the end. */
  close(): void {
    this.#events.close();
  }
}

function barrierOptions(
  consistency: NonNullable<ReadOptions['consistency']>,
  minIndex: number,
  maxStalenessMs: number | undefined,
): HandleReadOptions {
  if (consistency === 'local') return { maxStalenessMs: Number.POSITIVE_INFINITY, minIndex };
  if (consistency !== 'bounded') return { minIndex };
  if (maxStalenessMs !== undefined && maxStalenessMs >= 0) return { maxStalenessMs, minIndex };
  throw new RangeError(
    `maxStalenessMs is ${String(maxStalenessMs)}: a bounded read needs a number of milliseconds`,
  );
}

function unknownOutcome(cause: unknown): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    'The wait for the answer was ended; the command may have been applied, or may be yet.',
    { reason: 'aborted' },
    { cause },
  );
}

/** @param aborted what is thrown, made from the signal's reason */
async function abortable<Value>(
  signal: AbortSignal | undefined,
  aborted: (reason: unknown) => unknown,
  begin: (fulfil: (value: Value) => void, reject: (error: unknown) => void) => void,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const onAbort = (): void => reject(aborted(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  begin(resolve, reject);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

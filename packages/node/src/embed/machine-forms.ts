import type { Logger, Ports, StateMachine } from '@quorate/base';
import {
  adaptSimple,
  appliedResult,
  checkedMachine,
  guardMachine,
  isSimpleStateMachine,
  type ResultCodec,
  type SessionResult,
  SessionStateMachine,
  type SimpleEntry,
  type SimpleResult,
} from '@quorate/runtime';
import { globalTripwires } from '@quorate/runtime/conformance';
import { NodeError } from '../node-error.ts';
import { plainResults } from './plain-results.ts';

/** The simple form: see `SimpleStateMachine`. */
export interface SimpleMachineShape {
  apply(command: never, entry: SimpleEntry): unknown;
  query?(query: never): unknown;
  toJSON(): unknown;
  fromJSON(state: unknown): void;
  checkCommand?(command: unknown): void;
}

/** The full form: see `StateMachine`, with or without `checkpoints`. Commands are bytes. */
export interface FullMachineShape extends StateMachine<unknown> {
  query?(query: never): unknown;
  /** For sessions, which remember results. Left out: results are bytes, or plain JSON. */
  readonly results?: {
    encode(result: never): Uint8Array;
    /** @param bytes as `encode` made them */
    decode(bytes: Uint8Array): unknown;
  };
}

/** A state machine of either form. One with `snapshot` and `restore` is taken for the full one. */
export type MachineShape = SimpleMachineShape | FullMachineShape;

/** A state machine, or what makes an empty one each time. */
export type MachineSource = MachineShape | (() => MachineShape);

/** The state machine that a group's source is, or makes. */
export type MachineOf<Source> = Source extends () => infer Machine ? Machine : Source;

/** A state machine of either form, as a group replicates it, and how to talk to it. */
export interface PreparedMachine {
  readonly replicated: StateMachine<SessionResult<unknown>>;
  /** The user's own object, for reads. */
  readonly machine: unknown;
  readonly results: ResultCodec<unknown>;
  encode(command: unknown): Uint8Array;
  /** @throws what the machine's answer says is wrong with the command */
  resultOf(applied: unknown): unknown;
  query(query: unknown): unknown;
  /**
   * Looks at the machine. In checked mode it is compared with what it was before.
   *
   * @throws MachineError RUNTIME_MACHINE_DIVERGED when that has changed its state
   */
  observed<Answer>(look: () => Answer): Answer;
}

export interface PrepareOptions extends Pick<Ports, 'clock' | 'checksum'> {
  readonly logger: Logger;
  /** Of the group, for errors. */
  readonly name: string;
  /** Two copies run beside each other and are compared. */
  readonly checked: boolean;
}

/** One copy of the user's machine, as a full one. */
interface Adapted extends StateMachine<unknown> {
  readonly results: ResultCodec<unknown>;
  readonly user: MachineShape;
  encode(command: unknown): Uint8Array;
  resultOf(applied: unknown): unknown;
  query(query: unknown): unknown;
  describeSnapshot?(bytes: Uint8Array): unknown;
}

/** @throws NodeError NODE_OPTIONS_INVALID when the checked mode cannot make a second copy */
export function prepareMachine(source: MachineSource, options: PrepareOptions): PreparedMachine {
  const { clock, logger, checked, name } = options;
  const create = (): Adapted => {
    if (typeof source === 'function') return adapt(source(), options);
    const field = `groups[${JSON.stringify(name)}]`;
    const fix = 'give a function that makes an empty state machine each time it is called';
    const message = `option ${field} is one object, and checked mode needs copies: ${fix}`;
    throw new NodeError('NODE_OPTIONS_INVALID', message, { field, fix });
  };
  let adapted: Adapted;
  let observed: PreparedMachine['observed'] = (look) => look();
  let running: StateMachine<unknown>;
  if (checked) {
    const pair = checkedMachine<unknown, Adapted>(create, { tripwires: globalTripwires() });
    adapted = pair.machine;
    running = pair;
    observed = (look) => pair.observed(look);
  } else {
    adapted = typeof source === 'function' ? adapt(source(), options) : adapt(source, options);
    running = adapted;
  }
  const guarded = guardMachine(running, { clock, logger });
  return {
    replicated: new SessionStateMachine(guarded, { results: adapted.results }),
    machine: adapted.user,
    results: adapted.results,
    encode: (command) => adapted.encode(command),
    resultOf: (applied) => adapted.resultOf(applied),
    query: (query) => adapted.query(query),
    observed,
  };
}

function adapt(user: MachineShape, options: PrepareOptions): Adapted {
  return isSimpleStateMachine(user) ? adaptedSimple(user, options) : adaptedFull(user, options);
}

function adaptedSimple(user: SimpleMachineShape, { checksum }: PrepareOptions): Adapted {
  // Whoever gave the machine gives its commands and queries too; JSON checks the rest.
  const simple = adaptSimple<unknown, unknown, unknown, unknown>(
    user as Parameters<typeof adaptSimple<unknown, unknown, unknown, unknown>>[0],
    { checksum },
  );
  return {
    apply: (entries) => simple.apply(entries),
    snapshot: () => simple.snapshot(),
    restore: () => simple.restore(),
    describeSnapshot: (bytes) => simple.describeSnapshot(bytes),
    results: simple.results as ResultCodec<unknown>,
    user,
    encode: (command) => simple.encodeCommand(command),
    resultOf: (applied) => appliedResult(applied as SimpleResult<unknown>),
    query: (query) => simple.query(query),
  };
}

function adaptedFull(user: MachineShape, { name }: PrepareOptions): Adapted {
  const full = user as FullMachineShape;
  const { prefetch, checkpoints } = full;
  return {
    ...(prefetch === undefined ? {} : { prefetch: prefetch.bind(full) }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
    apply: (entries) => full.apply(entries),
    snapshot: () => full.snapshot(),
    restore: () => full.restore(),
    results: (full.results as ResultCodec<unknown> | undefined) ?? plainResults,
    user,
    encode: (command) => {
      if (command instanceof Uint8Array) return command;
      const message = `a command of group ${JSON.stringify(name)} is bytes: give a Uint8Array`;
      throw new NodeError('NODE_COMMAND_INVALID', message, { group: name });
    },
    resultOf: (applied) => applied,
    query: (query) => {
      if (full.query !== undefined) return full.query(query as never);
      const message =
        `the state machine of group ${JSON.stringify(name)} has no method query: ` +
        'read with a function';
      throw new NodeError('NODE_COMMAND_INVALID', message, { group: name });
    },
  };
}

import {
  type AppliedEntry,
  assert,
  type Checksum,
  portableChecksum,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import type { ResultCodec } from '../sessions/session-result.ts';
import { JsonSnapshot, JsonSnapshotSink, readJsonSnapshot } from './json-snapshot.ts';
import {
  isThenable,
  MachineError,
  machineAsync,
  machineNotJson,
  machineThrew,
  messageOf,
  noEntries,
  rangeOf,
  snapshotUnusable,
} from './machine-error.ts';
import { isDeeperThan, maxCommandDepth, maxJsonDepth, NotJson, PlainJson } from './plain-json.ts';
import {
  commandRefused,
  type RefusedSimpleResult,
  type SimpleResult,
  simpleResults,
} from './simple-result.ts';
import type { SimpleStateMachine } from './simple-state-machine.ts';

/** A snapshot is written with one checksum and read with the same: CRC-32 by whichever code. */
export interface SimpleAdapterOptions {
  /** CRC-32 for snapshots. By default the portable one. */
  readonly checksum?: Checksum;
}

/** A simple state machine as a full one, with what its callers need beside it. */
export interface SimpleAdapter<Command, Result, Query = never, Answer = never>
  extends StateMachine<SimpleResult<Result>> {
  /** For sessions. */
  readonly results: ResultCodec<SimpleResult<Result>>;
  /**
   * @returns JSON text in UTF-8, to be proposed
   * @throws MachineError RUNTIME_COMMAND_NOT_JSON with the path of what is wrong,
   *   RUNTIME_COMMAND_REFUSED with the message of `checkCommand`
   */
  encodeCommand(command: Command): Uint8Array;
  /**
   * Asks the state as it is now; whether that is recent enough is the caller's to ensure.
   *
   * @throws what the state machine's `query` throws; MachineError RUNTIME_MACHINE_NOT_JSON,
   *   RUNTIME_MACHINE_ASYNC
   */
  query(query: Query): Answer;
  /** @returns the state that a whole snapshot holds, to be looked at */
  describeSnapshot(bytes: Uint8Array): unknown;
}

/**
 * Commands in the log are JSON text in UTF-8. One that is none, or that `checkCommand` does not
 * like, is answered as `refused` on every replica, so nothing that a client sends can stop one.
 *
 * `apply` throws MachineError RUNTIME_MACHINE_THREW, RUNTIME_MACHINE_ASYNC or
 * RUNTIME_MACHINE_NOT_JSON, each with the index of the entry; the state machine is not to be used
 * any more then.
 */
export function adaptSimple<Command, Result, Query = never, Answer = never>(
  machine: SimpleStateMachine<Command, Result, Query, Answer>,
  options: SimpleAdapterOptions = {},
): SimpleAdapter<Command, Result, Query, Answer> {
  return new Adapter(machine, options.checksum ?? portableChecksum);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What the parser says of it differs between engines, and results are replicated. */
const notJson: RefusedSimpleResult = {
  kind: 'refused',
  reason: `the command is not JSON of at most ${maxCommandDepth} levels in UTF-8`,
};

const unparsable = Symbol('unparsable');

function parseCommand(bytes: Uint8Array): unknown {
  let command: unknown;
  try {
    command = JSON.parse(decoder.decode(bytes));
  } catch {
    return unparsable;
  }
  // Each level takes two bytes.
  const mayBeDeep = bytes.length > 2 * maxCommandDepth;
  return mayBeDeep && isDeeperThan(command, maxCommandDepth) ? unparsable : command;
}

/** Equal on all replicas: of the engine's own errors, whose texts change, only the kind is told. */
function reasonOf(error: unknown): string {
  for (const kind of [TypeError, RangeError, ReferenceError, SyntaxError, URIError]) {
    if (error instanceof kind && error.constructor === kind)
      return `checkCommand threw a ${kind.name}`;
  }
  return messageOf(error).toWellFormed();
}

class Adapter<Command, Result, Query, Answer>
  implements SimpleAdapter<Command, Result, Query, Answer>
{
  readonly results: ResultCodec<SimpleResult<Result>> = simpleResults as ResultCodec<
    SimpleResult<Result>
  >;
  readonly #machine: SimpleStateMachine<Command, Result, Query, Answer>;
  readonly #checksum: Checksum;
  readonly #commandJson = new PlainJson({
    root: 'command',
    maxDepth: maxCommandDepth,
    omitsUndefined: false,
  });
  readonly #resultJson = plainJsonOf('result');
  readonly #answerJson = plainJsonOf('answer');
  readonly #stateJson = plainJsonOf('state');

  constructor(machine: SimpleStateMachine<Command, Result, Query, Answer>, checksum: Checksum) {
    this.#machine = machine;
    this.#checksum = checksum;
  }

  encodeCommand(command: Command): Uint8Array {
    let plain: unknown;
    try {
      plain = this.#commandJson.copy(command);
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      const { message, path, found } = error;
      throw new MachineError('RUNTIME_COMMAND_NOT_JSON', message, { path, found });
    }
    const problem = this.#check(plain, null);
    if (problem !== null) throw commandRefused(messageOf(problem.thrown), problem.thrown);
    return encoder.encode(JSON.stringify(plain));
  }

  query(query: Query): Answer {
    const machine = this.#machine;
    assert(machine.query !== undefined, 'a state machine that is asked has a query method');
    const answer = machine.query(query);
    return this.#plain(this.#answerJson, 'query', answer, null) as Answer;
  }

  apply(entries: readonly AppliedEntry[]): readonly SimpleResult<Result>[] {
    const results = new Array<SimpleResult<Result>>(entries.length);
    for (let at = 0; at < entries.length; at++) {
      const { index, timestampMicros, command: bytes } = entries[at] as AppliedEntry;
      const command = parseCommand(bytes);
      const refused = command === unparsable ? notJson : this.#refusal(command, index);
      if (refused !== null) {
        results[at] = refused;
        continue;
      }
      let result: Result;
      try {
        result = this.#machine.apply(command as Command, { index, timestampMicros });
      } catch (error) {
        throw machineThrew('apply', rangeOf(entries), index, error);
      }
      const plain = this.#plain(this.#resultJson, 'apply', result, index) as Result;
      results[at] = { kind: 'applied', result: plain };
    }
    return results;
  }

  snapshot(): Iterator<Uint8Array, void> {
    let state: unknown;
    try {
      state = this.#machine.toJSON();
    } catch (error) {
      throw machineThrew('toJSON', noEntries, null, error);
    }
    if (state === undefined) {
      throw machineNotJson(new NotJson('state', 'undefined', 'return the state, or null'), null);
    }
    const plain = this.#plain(this.#stateJson, 'toJSON', state, null);
    return new JsonSnapshot(JSON.stringify(plain), this.#checksum);
  }

  /** @throws MachineError RUNTIME_MACHINE_SNAPSHOT_UNUSABLE, from `finish` */
  restore(): SnapshotSink {
    return new JsonSnapshotSink(this.#checksum, (state) => {
      let answer: unknown;
      try {
        answer = this.#machine.fromJSON(state);
      } catch (error) {
        throw snapshotUnusable(`fromJSON threw: ${messageOf(error)}`, 0, error);
      }
      if (isThenable(answer)) throw machineAsync('fromJSON', null, answer);
    });
  }

  describeSnapshot(bytes: Uint8Array): unknown {
    return readJsonSnapshot(bytes, this.#checksum);
  }

  /** @throws MachineError RUNTIME_MACHINE_ASYNC */
  #check(command: unknown, index: number | null): { readonly thrown: unknown } | null {
    let answer: unknown;
    try {
      answer = this.#machine.checkCommand?.(command);
    } catch (thrown) {
      return { thrown };
    }
    if (isThenable(answer)) throw machineAsync('checkCommand', index, answer);
    return null;
  }

  #refusal(command: unknown, index: number): RefusedSimpleResult | null {
    if (this.#machine.checkCommand === undefined) return null;
    const problem = this.#check(command, index);
    return problem === null ? null : { kind: 'refused', reason: reasonOf(problem.thrown) };
  }

  /** Apart from the state machine, which goes on changing what it has given. */
  #plain(json: PlainJson, method: string, value: unknown, index: number | null): unknown {
    if (typeof value !== 'object') {
      // A method that answers nothing; and numbers and text need no copy.
      if (value === undefined || typeof value === 'string' || typeof value === 'boolean')
        return value;
    } else if (isThenable(value)) {
      throw machineAsync(method, index, value);
    }
    try {
      return json.copy(value);
    } catch (error) {
      throw error instanceof NotJson ? machineNotJson(error, index) : error;
    }
  }
}

function plainJsonOf(root: string): PlainJson {
  return new PlainJson({ root, maxDepth: maxJsonDepth, omitsUndefined: true });
}

import { encodeCommand, type KvCommand, type KvResult } from '@quorate/kv';
import type { KeyValueInput, KeyValueOutput } from '@quorate/sim';
import type { ClientWrite, History } from './history.ts';
import type { LinearizabilityOracle } from './linearizability-oracle.ts';
import type { Answered, WriteAnswer } from './write-path.ts';

/** What clients tell of what they were told. */
export interface Told {
  readonly history: History;
  readonly oracle: LinearizabilityOracle;
}

/** One client's writes: what it sends, and what it was told of each. */
export class KvWrites {
  readonly #told: Told;
  readonly #client: number;

  constructor(told: Told, client: number) {
    this.#told = told;
    this.#client = client;
  }

  /**
   * @param send hands the command on; what it is told may come at any time, once, or never
   * @param done is called with what the client was told
   */
  write(
    what: Pick<ClientWrite, 'tag' | 'kind' | 'key'>,
    request: KvCommand,
    input: KeyValueInput,
    send: (command: Uint8Array, answered: Answered) => void,
    done: (answer: WriteAnswer) => void,
  ): void {
    const { history, oracle } = this.#told;
    const seenAtStart = history.highestSeen;
    const command = encodeCommand(request);
    const write: ClientWrite = { ...what, command, outcome: { kind: 'unknown' } };
    history.writes.push(write);
    const recorded = oracle.begin(this.#client, input);
    send(command, (answer) => {
      if (answer.kind === 'unknown') history.unknown += 1;
      if (answer.kind === 'refused') {
        history.refused += 1;
        write.outcome = answer;
        recorded?.refused();
      }
      if (answer.kind === 'done') {
        history.acknowledged += 1;
        write.outcome = answer;
        const { result } = answer;
        if (result !== null) {
          history.ended(result.revision, seenAtStart, isChange(result));
          recorded?.answered(outputOf(result));
        }
      }
      done(answer);
    });
  }
}

function outputOf(result: KvResult): KeyValueOutput {
  const revision = isChange(result) ? { revision: result.revision } : {};
  switch (result.kind) {
    case 'deleteRange':
      return { kind: 'delete', deleted: result.deleted > 0, ...revision };
    case 'txn':
      return { kind: 'cas', succeeded: result.succeeded, ...revision };
    default:
      return { kind: 'put', ...revision };
  }
}

function isChange(result: KvResult): boolean {
  if (result.kind === 'put') return true;
  if (result.kind === 'deleteRange') return result.deleted > 0;
  return result.kind === 'txn' && result.succeeded;
}

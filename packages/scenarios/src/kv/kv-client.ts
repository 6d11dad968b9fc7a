import { equalBytes, type Prng } from '@quorate/base';
import { encodeCommand, type KvResult, type KvStateMachine } from '@quorate/kv';
import { InvariantViolation, type SimulatedCluster, type SimulatedNode } from '@quorate/sim';
import { readRequest } from './read-request.ts';

/** A write the cluster acknowledged: it must be there, at this revision, for ever after. */
export interface AcknowledgedWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly revision: number;
}

/** A linearizable read and its answer: what the final history must say of that revision. */
export interface AnsweredRead {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly revision: number;
}

/** What clients have been told, and in which real-time order. */
export class History {
  readonly writes: AcknowledgedWrite[] = [];
  readonly reads: AnsweredRead[] = [];
  refused = 0;
  unknown = 0;
  /** The highest revision any finished operation has shown: later ones must not fall behind it. */
  highestSeen = 0;

  /**
   * Revisions order all operations of the store; linearizable means that this order respects real
   * time: an operation that began after another had ended comes at or behind it.
   */
  ended(revision: number, seenAtStart: number, isWrite: boolean): void {
    if (revision < seenAtStart || (isWrite && revision === seenAtStart)) {
      throw new InvariantViolation(
        'linearizability',
        `${isWrite ? 'a write' : 'a read'} at revision ${revision} began after revision ` +
          `${seenAtStart} had been seen`,
      );
    }
    this.highestSeen = Math.max(this.highestSeen, revision);
  }
}

const none = new Uint8Array(0);
const text = new TextEncoder();

export interface KvClientOptions {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  readonly prng: Prng;
  readonly history: History;
  readonly id: number;
  readonly keys: number;
  readonly valueBytes: number;
}

/** Writes and reads one key after another, through any node, as a real client would. */
export class KvClient {
  readonly #options: KvClientOptions;
  #operation = 0;
  #stopped = false;

  constructor(options: KvClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#later(this.#options.prng.between(0, 100));
  }

  stop(): void {
    this.#stopped = true;
  }

  #later(delayMs: number): void {
    this.#options.cluster.scheduler.schedule(delayMs, () => this.#next());
  }

  #next(): void {
    if (this.#stopped) return;
    const { cluster, prng } = this.#options;
    const node = prng.pick(cluster.nodes);
    const operation = ++this.#operation;
    // An operation on a node that dies is never answered: go on with another, its outcome unknown.
    const patienceMs = prng.between(500, 4000);
    cluster.scheduler.schedule(patienceMs, () => {
      if (operation !== this.#operation) return;
      this.#options.history.unknown += 1;
      this.#next();
    });
    if (node.host === null || node.world.paused) return;
    if (prng.chance(0.6)) this.#write(node, operation);
    else this.#read(node, operation);
  }

  /** Calls of a dead process do not happen, but those of an abandoned operation still count. */
  #finished(operation: number): void {
    if (operation !== this.#operation) return;
    this.#operation += 1;
    this.#later(this.#options.prng.between(1, 60));
  }

  #key(): Uint8Array {
    return text.encode(`key${this.#options.prng.below(this.#options.keys)}`);
  }

  #write(node: SimulatedNode, operation: number): void {
    const { history, group, id, prng, valueBytes } = this.#options;
    const key = this.#key();
    const tag = `${id}.${operation}.`;
    const value = text.encode(tag.padEnd(prng.between(1, valueBytes), 'x'));
    const seenAtStart = history.highestSeen;
    const command = encodeCommand({
      kind: 'put',
      key,
      value,
      lease: 0n,
      prevKv: false,
      ignoreValue: false,
      ignoreLease: false,
    });
    node.host?.group<KvResult>(group).propose(command, (error, applied) => {
      if (error?.code === 'RUNTIME_OUTCOME_UNKNOWN') history.unknown += 1;
      else if (error !== null) history.refused += 1;
      if (applied !== null) {
        const { revision } = applied.result;
        history.ended(revision, seenAtStart, true);
        history.writes.push({ key, value, revision });
      }
      this.#finished(operation);
    });
  }

  #read(node: SimulatedNode, operation: number): void {
    const { history, group } = this.#options;
    const key = this.#key();
    const seenAtStart = history.highestSeen;
    const machine = node.stateMachines.get(group) as KvStateMachine;
    node.host?.group(group).readBarrier((error) => {
      if (error === null) {
        const result = machine.range(readRequest(key, 0));
        if (result.kind === 'range') {
          history.ended(result.revision, seenAtStart, false);
          const value = result.keyValues[0]?.value.slice() ?? null;
          history.reads.push({ key, value, revision: result.revision });
        }
      } else {
        history.refused += 1;
      }
      this.#finished(operation);
    });
  }
}

/** Compares everything clients were told with what one replica's history says in the end. */
export function checkHistory(history: History, machine: KvStateMachine, node: number): void {
  const at = (key: Uint8Array, revision: number): Uint8Array | null => {
    const result = machine.range(readRequest(key, revision));
    if (result.kind === 'range') return result.keyValues[0]?.value ?? null;
    throw new InvariantViolation(
      'acknowledged writes are kept',
      `node ${node} cannot read revision ${revision}, which was shown to a client`,
    );
  };
  for (const { key, value, revision } of history.writes) {
    if (equalBytes(at(key, revision) ?? none, value)) continue;
    throw new InvariantViolation(
      'acknowledged writes are kept',
      `node ${node} does not have the write acknowledged at revision ${revision}`,
    );
  }
  for (const { key, value, revision } of history.reads) {
    if (equalBytes(at(key, revision) ?? none, value ?? none)) continue;
    throw new InvariantViolation(
      'linearizability',
      `node ${node} holds another value at revision ${revision} than a client read there`,
    );
  }
}

import { CodedError, type Prng } from '@quorate/base';
import type { Host } from '@quorate/host';
import type { GroupHandle } from '@quorate/runtime';
import type { GroupId } from '@quorate/schema';
import { InvariantViolation } from '../invariants/invariant.ts';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { ObservedMachine } from './observed-machine.ts';
import type { Proposals } from './proposals.ts';
import type { Done, WorkbenchNode, WorkbenchService } from './service.ts';
import { shown } from './shown.ts';
import type { SingleCopy } from './single-copy.ts';
import type { AnyMachine, Subject } from './subject.ts';

export interface WorkNodesOptions {
  readonly cluster: SimulatedCluster;
  readonly group: GroupId;
  readonly subject: Subject;
  readonly copy: SingleCopy;
  readonly proposals: Proposals;
  /** Whether a leader with a lease is asked to read by it. */
  readonly prng: Prng;
}

type AnyService = WorkbenchService<AnyMachine>;

/** The services on the nodes, and what they are told of the log. */
export class WorkNodes {
  readonly #options: WorkNodesOptions;
  readonly #services = new WeakMap<Host, AnyService>();
  /** What any answer has shown: what is begun from now on is answered with as much. */
  #highestSeen = 0;
  answeredReads = 0;

  constructor(options: WorkNodesOptions) {
    this.#options = options;
  }

  /** @returns null while nobody listens there */
  serviceOn(node: SimulatedNode): AnyService | null {
    const { host } = node;
    if (host === null) return null;
    const known = this.#services.get(host);
    if (known !== undefined) return known;
    const { subject, group } = this.#options;
    const machine = node.stateMachines.get(group) as ObservedMachine;
    const facade = this.#facade(node, host.group(group), machine);
    const service = subject.service?.(facade) ?? plainService(facade);
    this.#services.set(host, service);
    return service;
  }

  #facade(
    node: SimulatedNode,
    handle: GroupHandle<unknown>,
    { machine }: ObservedMachine,
  ): WorkbenchNode<AnyMachine> {
    return {
      id: node.id,
      machine: machine.user as unknown as AnyMachine,
      propose: (command, done) => this.#propose(handle, machine, command, done),
      read: (query, done) => this.#read(node, handle, machine, query, done),
      status: () => handle.status(),
      after: (delayMs, callback) => void node.world.timers.after(delayMs, callback),
    };
  }

  #propose(
    handle: GroupHandle<unknown>,
    machine: ObservedMachine['machine'],
    command: unknown,
    done: Done<unknown>,
  ): void {
    const { copy, proposals } = this.#options;
    let bytes: Uint8Array;
    try {
      bytes = machine.encode(command);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'RUNTIME_COMMAND_REFUSED') throw error;
      proposals.refuse(error.code);
      done({ kind: 'refused', code: error.code });
      return;
    }
    const proposed = proposals.propose(bytes);
    const seenAtStart = this.#highestSeen;
    handle.propose(bytes, (error, applied) => {
      if (error?.code === 'RUNTIME_OUTCOME_UNKNOWN') {
        done({ kind: 'unknown' });
      } else if (error !== null) {
        proposed.refused(error.code);
        done({ kind: 'refused', code: error.code });
      } else if (applied !== null) {
        const { index, result } = applied;
        proposed.done();
        this.#judge(() => {
          copy.acknowledged(index, bytes, result);
          this.#saw(index, seenAtStart + 1, `command ${copy.describe(bytes)}`);
        });
        done(machine.outcomeOf(result));
      }
    });
  }

  #read(
    node: SimulatedNode,
    handle: GroupHandle<unknown>,
    machine: ObservedMachine['machine'],
    query: unknown,
    done: Done<unknown>,
  ): void {
    const seenAtStart = this.#highestSeen;
    const answered = (index: number, answer: unknown): void => {
      this.answeredReads += 1;
      this.#judge(() => {
        this.#options.copy.answered({ node: node.id, index, query, answer });
        this.#saw(index, seenAtStart, `query ${shown(query)}`);
      });
      done({ kind: 'done', value: answer });
    };
    const lease = this.#options.prng.chance(0.5)
      ? handle.leaseRead(() => machine.query(query))
      : null;
    if (lease !== null) {
      answered(lease.index, lease.value);
      return;
    }
    handle.readBarrier((error, index) => {
      if (error === null) answered(index, machine.query(query));
      else done({ kind: 'refused', code: error.code });
    });
  }

  /** Whatever was answered before this one began, it has seen. @throws InvariantViolation */
  #saw(index: number, atLeast: number, what: string): void {
    this.#highestSeen = Math.max(this.#highestSeen, index);
    if (index >= atLeast) return;
    const why = `${what} was answered as of index ${index}, and began after index ${atLeast} was`;
    throw new InvariantViolation('linearizability', `${why} seen`);
  }

  #judge(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#options.cluster.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** As `openNode` offers it. */
function plainService(node: WorkbenchNode<AnyMachine>): AnyService {
  return {
    command: (command, done) => node.propose(command, done),
    query: (query, done) => node.read(query, done),
  };
}

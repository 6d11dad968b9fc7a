import assert from 'node:assert/strict';
import type { Address } from '@quorate/base';
import type { Applied } from '@quorate/runtime';
import type { GroupService, Host, HostOptions, HostTuning, QueryOptions } from '../../src/index.ts';
import { ListMachine, type VirtualMachine, VirtualRoom } from './virtual-machine.ts';

export const group = 1;

const text = new TextEncoder();
const textOf = new TextDecoder();

/** What came of one request; nothing yet: neither. */
export interface Outcome {
  error?: Error | null;
  applied?: Applied<unknown> | null;
  answer?: string | null;
}

export function codeOf({ error }: Outcome): string {
  if (error === undefined) return 'no outcome';
  if (error === null) return 'done';
  return 'code' in error ? String(error.code) : error.message;
}

/** Results are numbers; the one query is 'all', or a complaint. */
function serviceOf(machine: ListMachine): GroupService {
  return {
    encodeResult: (result) => text.encode(String(result)),
    decodeResult: (bytes) => Number(textOf.decode(bytes)),
    answer: (query) => {
      const asked = textOf.decode(query);
      if (asked === 'all') return text.encode(machine.commands.join(' '));
      if (asked === 'much') return new Uint8Array(64 * 1024 * 1024);
      throw new Error(`there is no query ${asked}`);
    },
  };
}

/** Nodes that all have one group, of which only some are members at first. */
export class ReachingCluster {
  readonly room = new VirtualRoom();
  readonly hosts = new Map<number, Host>();
  readonly lists = new Map<number, ListMachine>();
  readonly #machines = new Map<number, VirtualMachine>();
  readonly #ids: readonly number[];
  readonly #voters: readonly number[];
  readonly #tuning: Partial<HostTuning>;

  constructor(ids: readonly number[], voters: readonly number[], tuning: Partial<HostTuning> = {}) {
    this.#ids = ids;
    this.#voters = voters;
    this.#tuning = { quiesceAfterMs: null, segmentBytes: 64 * 1024, ...tuning };
    for (const id of ids) this.open(id);
    this.room.run(5000);
  }

  open(id: number, given: Partial<HostOptions> = {}): void {
    const machine = this.#machines.get(id) ?? this.room.machine(id);
    this.#machines.set(id, machine);
    const list = new ListMachine();
    this.lists.set(id, list);
    const members = new Map(
      [...this.#ids, id].map((one): [number, Address] => [one, { host: `node${one}`, port: 7000 }]),
    );
    const voters = this.#voters.includes(id) ? this.#voters : [];
    const service = serviceOf(list);
    const opening = machine.open({
      members,
      tuning: this.#tuning,
      groups: [{ id: group, name: 'list', stateMachine: list, voters, service }],
      ...given,
    });
    this.room.run(500);
    assert.equal(opening.error, null);
    assert.ok(opening.host);
    this.hosts.set(id, opening.host);
  }

  host(id: number): Host {
    return this.hosts.get(id) ?? assert.fail(`host ${id} is open`);
  }

  close(id: number): void {
    let isClosed = false;
    this.host(id).close(() => {
      isClosed = true;
    });
    this.room.run(3000);
    assert.ok(isClosed);
    this.hosts.delete(id);
  }

  machine(id: number): VirtualMachine {
    return this.#machines.get(id) ?? assert.fail(`machine ${id} is there`);
  }

  /** The power fails; what the process still wanted to say nobody hears. */
  crash(id: number): void {
    for (const other of this.#ids) {
      if (other !== id) this.room.network.partition(id, other, { mode: 'stall' });
    }
    this.machine(id).disk.crash();
    this.host(id).close(() => undefined);
    this.room.run(3000);
    this.hosts.delete(id);
    for (const other of this.#ids) if (other !== id) this.room.network.breakConnection(id, other);
    this.room.network.heal();
  }

  get leader(): number {
    for (const [id, host] of this.hosts) {
      if (host.group(group).status().role === 'leader') return id;
    }
    return 0;
  }

  begin(id: number, command: string): Outcome {
    const outcome: Outcome = {};
    this.host(id)
      .reach(group)
      .propose(text.encode(command), (error, applied) => {
        assert.equal(outcome.error, undefined, 'one outcome');
        outcome.error = error;
        outcome.applied = applied;
      });
    return outcome;
  }

  propose(id: number, command: string): Outcome {
    return this.wait(this.begin(id, command));
  }

  query(id: number, query = 'all', options: QueryOptions = {}): Outcome {
    const outcome: Outcome = {};
    this.host(id)
      .reach(group)
      .query(text.encode(query), options, (error, answer) => {
        assert.equal(outcome.error, undefined, 'one outcome');
        outcome.error = error;
        outcome.answer = answer === null ? null : textOf.decode(answer);
      });
    return this.wait(outcome);
  }

  asked(begin: (done: (error: Error | null) => void) => void): Outcome {
    const outcome: Outcome = {};
    begin((error) => {
      outcome.error = error;
    });
    return this.wait(outcome);
  }

  wait(outcome: Outcome): Outcome {
    for (let left = 2000; left > 0 && outcome.error === undefined; left--) this.room.run(20);
    return outcome;
  }

  /** What the members that are open have applied: all the same, once they have caught up. */
  commands(): readonly string[] {
    this.room.run(3000);
    const members = this.host(this.leader).group(group).status().configuration.voters;
    const lists = members.filter((id) => this.hosts.has(id)).map((id) => this.lists.get(id));
    const [first = []] = lists.map((list) => list?.commands ?? []);
    for (const list of lists) assert.deepEqual(list?.commands, first);
    return first;
  }
}

import { Prng } from '@quorate/base';
import type { Entry, NodeId, RaftMessage, SnapshotMeta } from '@quorate/schema';
import {
  bootstrapState,
  type DurableWrite,
  type InitialState,
  Raft,
  type RaftOptions,
} from '../../src/index.ts';
import { applyDurably } from './strict-disk.ts';

/** What a run may do at each step, drawn in these proportions. */
const actions: readonly [name: Action, weight: number][] = [
  ['deliver', 360],
  ['tick', 60],
  ['turn', 320],
  ['persist', 150],
  ['apply', 25],
  ['propose', 120],
  ['read', 16],
  ['drop', 16],
  ['duplicate', 8],
  ['snapshot', 10],
  ['sendSnapshot', 15],
  ['restart', 1],
  ['transfer', 1],
  ['unreachable', 3],
  ['pause', 1],
];
type Action =
  | 'deliver'
  | 'tick'
  | 'turn'
  | 'persist'
  | 'apply'
  | 'propose'
  | 'read'
  | 'drop'
  | 'duplicate'
  | 'snapshot'
  | 'sendSnapshot'
  | 'restart'
  | 'transfer'
  | 'unreachable'
  | 'pause';

interface Replica {
  readonly id: NodeId;
  raft: Raft;
  disk: InitialState;
  readonly writes: DurableWrite[];
  /** Handed out and not yet reported applied. */
  readonly handed: Entry[];
  /** What the state machine reflects: the last index it was given. */
  reached: number;
  readonly reads: Map<number, number>;
  readonly snapshotsToSend: { readonly to: NodeId; readonly snapshot: SnapshotMeta }[];
}

/**
 * Replicas under a schedule that a seed decides: messages lost, repeated and overtaken, slow disks,
 * restarts that lose what was not durable, snapshots at any moment. After every turn it checks what
 * must always hold, and throws when it does not.
 */
export class RandomCluster {
  readonly replicas: Replica[];
  readonly #prng: Prng;
  readonly #leaders = new Map<number, NodeId>();
  /** By index: what was handed out for applying anywhere. */
  readonly #committed: Entry[] = [];
  #network: RaftMessage[] = [];
  #nowMs = 0;
  #context = 0;

  constructor(seed: number, size: number) {
    this.#prng = new Prng(seed);
    const configuration = {
      voters: Array.from({ length: size }, (_, i) => i + 1),
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
    };
    this.replicas = configuration.voters.map((id) =>
      this.#start(id, bootstrapState(configuration)),
    );
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  step(): void {
    const replica = this.#prng.pick(this.replicas);
    this.#act(this.#drawAction(), replica);
  }

  /** Ends all faults: the group has to come to rest, with one leader and one log. */
  settle(): void {
    for (let round = 0; round < 600; round++) {
      this.#nowMs += 10;
      for (const replica of this.replicas) {
        replica.raft.tick(this.#nowMs);
        this.#turn(replica);
        while (replica.writes.length > 0) this.#persist(replica);
        while (replica.handed.length > 0) {
          this.#apply(replica);
          this.#turn(replica);
        }
        while (replica.snapshotsToSend.length > 0) this.#sendSnapshot(replica, true);
        this.#turn(replica);
      }
      const batch = this.#network;
      this.#network = [];
      for (const message of batch) this.#receive(message);
    }
  }

  #act(action: Action, replica: Replica): void {
    const prng = this.#prng;
    switch (action) {
      case 'deliver':
        for (let count = prng.between(1, 8); count > 0; count--) this.#deliver();
        return;
      case 'tick':
        this.#nowMs += prng.below(4);
        return replica.raft.tick(this.#nowMs);
      case 'turn':
        return this.#turn(replica);
      case 'persist':
        return this.#persist(replica);
      case 'apply':
        return this.#apply(replica);
      case 'propose':
        return this.#propose(replica);
      case 'read':
        return this.#read(replica);
      case 'drop':
        this.#network.splice(prng.below(this.#network.length), 1);
        return;
      case 'duplicate':
        if (this.#network.length > 0) this.#network.push(prng.pick(this.#network));
        return;
      case 'snapshot':
        return this.#takeSnapshot(replica);
      case 'sendSnapshot':
        return this.#sendSnapshot(replica, prng.chance(0.7));
      case 'restart':
        return this.#restart(replica);
      case 'transfer':
        replica.raft.transferLeadership(prng.pick(this.replicas).id, this.#nowMs);
        return;
      case 'unreachable':
        return replica.raft.unreachable(prng.pick(this.replicas).id);
      case 'pause':
        this.#nowMs += prng.below(prng.chance(0.2) ? 300 : 60);
    }
  }

  #drawAction(): Action {
    let total = 0;
    for (const [, weight] of actions) total += weight;
    let drawn = this.#prng.below(total);
    for (const [name, weight] of actions) {
      if (drawn < weight) return name;
      drawn -= weight;
    }
    return 'deliver';
  }

  #start(id: NodeId, disk: InitialState): Replica {
    const options: RaftOptions = {
      nodeId: id,
      heartbeatIntervalMs: 20,
      electionTimeoutMs: 100,
      maxMessageBytes: 100,
      maxInflightMessages: 3,
      maxInflightBytes: 400,
      maxUncommittedBytes: 2000,
      maxApplyBytes: 80,
      prng: this.#prng.fork(),
    };
    return {
      id,
      raft: new Raft(options, disk, this.#nowMs),
      disk,
      writes: [],
      handed: [],
      reached: disk.snapshot.index,
      reads: new Map(),
      snapshotsToSend: [],
    };
  }

  #receive(message: RaftMessage): void {
    this.replicas[message.to - 1]?.raft.step(message, this.#nowMs);
  }

  #deliver(): void {
    // Mostly in order, as a stream gives it; now and then overtaken.
    const { length } = this.#network;
    if (length === 0) return;
    const at = this.#prng.chance(0.8) ? 0 : this.#prng.below(length);
    const [message] = this.#network.splice(at, 1);
    if (message !== undefined) this.#receive(message);
  }

  #turn(replica: Replica): void {
    const { raft } = replica;
    const effects = raft.takeEffects();
    this.#network.push(...effects.messages);
    replica.snapshotsToSend.push(...effects.snapshotsToSend);
    if (effects.restore !== null) {
      replica.handed.length = 0;
      replica.reached = effects.restore.index;
    }
    for (const entry of effects.committed) {
      check(entry.index === replica.reached + 1, 'entries are applied without a gap');
      replica.reached = entry.index;
      replica.handed.push(entry);
      this.#checkCommitted(entry);
    }
    if (effects.write !== null) replica.writes.push(effects.write);
    for (const { context, index } of effects.reads) {
      const atLeast = replica.reads.get(context);
      check(atLeast !== undefined, 'a read is answered once');
      check(index >= atLeast, `read ${context} sees ${index}, and ${atLeast} was applied before`);
      replica.reads.delete(context);
    }
    for (const context of effects.failedReads) replica.reads.delete(context);
    if (raft.role === 'leader') {
      const known = this.#leaders.get(raft.currentTerm) ?? raft.nodeId;
      check(known === raft.nodeId, `term ${raft.currentTerm} has two leaders`);
      this.#leaders.set(raft.currentTerm, raft.nodeId);
    }
  }

  #checkCommitted(entry: Entry): void {
    const known = this.#committed[entry.index];
    if (known === undefined) {
      this.#committed[entry.index] = entry;
      this.#checkDurable(entry);
    } else {
      check(known.term === entry.term && known.data === entry.data, 'one entry at each index');
    }
  }

  /** Leader completeness rests on this: a committed entry is on a majority's disks. */
  #checkDurable(entry: Entry): void {
    const holders = this.replicas.filter(({ disk }) => {
      if (disk.snapshot.index >= entry.index) return true;
      return disk.entries.some(({ index, term }) => index === entry.index && term === entry.term);
    });
    check(holders.length * 2 > this.replicas.length, `entry ${entry.index} is on a majority`);
  }

  #persist(replica: Replica): void {
    const write = replica.writes.shift();
    if (write === undefined) return;
    replica.disk = applyDurably(replica.disk, write);
    replica.raft.persisted(write.id, this.#nowMs);
  }

  #apply(replica: Replica): void {
    const last = replica.handed.at(-1);
    if (last === undefined) return;
    replica.handed.length = 0;
    replica.raft.applied(last.index);
  }

  #propose(replica: Replica): void {
    const count = this.#prng.between(1, 3);
    const commands = Array.from({ length: count }, () => new Uint8Array(this.#prng.below(60)));
    replica.raft.propose(commands, this.#nowMs, this.#nowMs * 1000);
  }

  #read(replica: Replica): void {
    this.#context += 1;
    const atLeast = Math.max(0, this.#committed.length - 1);
    if (replica.raft.readIndex(this.#context, this.#nowMs)) {
      replica.reads.set(this.#context, atLeast);
    }
  }

  #takeSnapshot(replica: Replica): void {
    const { raft } = replica;
    const index = replica.handed[0] === undefined ? replica.reached : replica.handed[0].index - 1;
    if (index <= raft.snapshot.index) return;
    raft.compact(raft.snapshotMeta(index), this.#prng.below(6));
  }

  /** Its content has arrived at the other side, or not. */
  #sendSnapshot(replica: Replica, succeeds: boolean): void {
    const sending = replica.snapshotsToSend.shift();
    if (sending === undefined) return;
    const { to, snapshot } = sending;
    const target = this.replicas[to - 1];
    if (succeeds && target !== undefined && target.raft.leaderId === replica.id) {
      const term = target.raft.currentTerm;
      const message = { type: 'InstallSnapshot', from: replica.id, to, term, snapshot } as const;
      target.raft.step(message, this.#nowMs);
    }
    replica.raft.snapshotSent(to);
  }

  /** Some of the writes under way made it to the disk, in order. */
  #restart(replica: Replica): void {
    let { disk } = replica;
    for (const write of replica.writes.slice(0, this.#prng.below(replica.writes.length + 1))) {
      disk = applyDurably(disk, write);
    }
    this.replicas[replica.id - 1] = this.#start(replica.id, { ...disk, bootstrap: disk.bootstrap });
  }
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

// Long because: the schedule, its actions and its checks share one state.
import { Prng } from '@quorate/base';
import type { Configuration, Entry, NodeId, RaftMessage, SnapshotMeta } from '@quorate/schema';
import { decodeConfiguration, EntryKind, majorityConfiguration } from '@quorate/schema';
import {
  bootstrapState,
  type DurableWrite,
  type InitialState,
  Raft,
  type RaftOptions,
} from '../../src/index.ts';
import { illegalStep } from '../../src/membership/legal-step.ts';
import { membersOf } from '../../src/membership/members.ts';
import { quorumValue, voteResult } from '../../src/membership/quorum.ts';
import { drawChange } from './random-change.ts';
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
/** And where there are spare nodes, so that some that were lost can be replaced. */
const changes: readonly [name: Action, weight: number][] = [
  ['change', 10],
  ['damage', 1],
  ['wipe', 1],
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
  | 'change'
  | 'damage'
  | 'wipe'
  | 'unreachable'
  | 'pause';

interface Replica {
  readonly id: NodeId;
  readonly raft: Raft;
  /** Of its clock, within the declared drift. */
  readonly clockRate: number;
  readonly incarnation: number;
  disk: InitialState;
  readonly writes: DurableWrite[];
  /** Handed out and not yet reported applied. */
  readonly handed: Entry[];
  /** What the state machine reflects: the last index it was given. */
  reached: number;
  readonly reads: Map<number, number>;
  readonly snapshotsToSend: { readonly to: NodeId; readonly snapshot: SnapshotMeta }[];
}

export const maxClockDrift = 0.02;

/**
 * Replicas under a schedule that a seed decides: messages lost, repeated and overtaken, slow disks,
 * clocks that drift, restarts that lose what was not durable, damaged and wiped disks, snapshots
 * and changes of membership at any moment. After every step it checks what must always hold, and
 * throws when it does not.
 */
export class RandomCluster {
  readonly replicas: Replica[];
  readonly #prng: Prng;
  readonly #actions: readonly [name: Action, weight: number][];
  readonly #leaders = new Map<number, NodeId>();
  /** The newest that was committed. */
  #configuration: Configuration;
  /** By index: what was handed out for applying anywhere. */
  readonly #committed: Entry[] = [];
  #network: RaftMessage[] = [];
  /** True time. */
  #nowMs = 0;
  #context = 0;
  #lastIncarnation = 0;

  /** @param spares nodes that run and are not members at first */
  constructor(seed: number, size: number, spares = 0) {
    this.#prng = new Prng(seed);
    this.#actions = spares === 0 ? actions : [...actions, ...changes];
    const configuration = majorityConfiguration(Array.from({ length: size }, (_, i) => i + 1));
    this.#configuration = configuration;
    this.replicas = Array.from({ length: size + spares }, (_, at) => {
      const initial = at < size ? configuration : majorityConfiguration([]);
      return this.#start(at + 1, bootstrapState(initial), ++this.#lastIncarnation);
    });
    for (const replica of this.replicas) this.#introduce(replica);
  }

  #clock({ clockRate }: Replica): number {
    return this.#nowMs * clockRate;
  }

  /** Tells every other who this one is, and the other way round, as handshakes would. */
  #introduce(replica: Replica): void {
    for (const other of this.replicas) {
      if (other.id === replica.id) continue;
      other.raft.peerIncarnation(replica.id, replica.incarnation, this.#clock(other));
      replica.raft.peerIncarnation(other.id, other.incarnation, this.#clock(replica));
    }
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  step(): void {
    const replica = this.#prng.pick(this.replicas);
    this.#act(this.#drawAction(), replica);
    this.#checkLeases();
  }

  /** At any instant of true time at most one node may believe in its lease (rules 2, 3). */
  #checkLeases(): void {
    const holders = this.replicas.filter(
      (replica) => replica.raft.leaseReadIndex(this.#clock(replica)) !== null,
    );
    check(holders.length <= 1, `nodes ${holders.map(({ id }) => id).join(', ')} hold a lease`);
    const [holder] = holders;
    if (holder === undefined) return;
    check(
      holder.raft.commitIndex >= this.#committed.length - 1,
      `node ${holder.id} has a lease and does not know of all that is committed`,
    );
  }

  /** Ends all faults: the group has to come to rest, with one leader and one log. */
  settle(): void {
    for (let round = 0; round < 600; round++) {
      this.#nowMs += 10;
      for (const replica of this.replicas) {
        replica.raft.tick(this.#clock(replica));
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

  /** After `settle`: one leader, and everyone the group counts on has everything. */
  mustRest(where: string): void {
    const leaders = this.replicas.filter(({ raft }) => raft.role === 'leader');
    const alive = (id: NodeId): number => (this.#isLost(id) ? 0 : 1);
    // Enough of its voters are lost for it to stand still, which is as it should be.
    if (!canDecide(this.#configuration, alive)) return;
    const [leader] = leaders;
    check(leaders.length === 1 && leader !== undefined, `${where}: there is one leader`);
    const { configuration, lastIndex } = leader.raft;
    check(configuration.votersOutgoing.length === 0, `${where}: no change is left half done`);
    for (const id of [...configuration.voters, ...configuration.learners]) {
      const replica = this.replicas[id - 1];
      if (replica === undefined || this.#isLost(id)) continue;
      const { commitIndex, appliedIndex } = replica.raft;
      check(commitIndex === lastIndex, `${where}: ${id} knows ${commitIndex} of ${lastIndex}`);
      check(appliedIndex === lastIndex, `${where}: ${id} applied ${appliedIndex} of ${lastIndex}`);
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
        return replica.raft.tick(this.#clock(replica));
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
        replica.raft.transferLeadership(prng.pick(this.replicas).id, this.#clock(replica));
        return;
      case 'change':
        return this.#change();
      case 'damage':
        return this.#damage(replica);
      case 'wipe':
        return this.#wipe(replica);
      case 'unreachable':
        return replica.raft.unreachable(prng.pick(this.replicas).id);
      case 'pause':
        this.#nowMs += prng.below(prng.chance(0.2) ? 300 : 60);
    }
  }

  #drawAction(): Action {
    let total = 0;
    for (const [, weight] of this.#actions) total += weight;
    let drawn = this.#prng.below(total);
    for (const [name, weight] of this.#actions) {
      if (drawn < weight) return name;
      drawn -= weight;
    }
    return 'deliver';
  }

  #start(id: NodeId, disk: InitialState, incarnation: number): Replica {
    const clockRate = 1 + maxClockDrift * (2 * this.#prng.float() - 1);
    const options: RaftOptions = {
      nodeId: id,
      heartbeatIntervalMs: 20,
      electionTimeoutMs: 100,
      maxClockDrift,
      incarnation,
      maxMessageBytes: 100,
      maxInflightMessages: 3,
      maxInflightBytes: 400,
      maxUncommittedBytes: 2000,
      maxApplyBytes: 80,
      prng: this.#prng.fork(),
    };
    return {
      id,
      raft: new Raft(options, disk, this.#nowMs * clockRate),
      clockRate,
      incarnation,
      disk,
      writes: [],
      handed: [],
      reached: disk.snapshot.index,
      reads: new Map(),
      snapshotsToSend: [],
    };
  }

  #receive(message: RaftMessage): void {
    const replica = this.replicas[message.to - 1];
    if (replica === undefined) return;
    this.#mayCommit(replica, () => replica.raft.step(message, this.#clock(replica)));
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
      if (entry.kind === EntryKind.configuration) this.#checkStep(entry);
    } else {
      check(known.term === entry.term && known.data === entry.data, 'one entry at each index');
    }
  }

  /** Runs an input by which a leader may commit, and checks what it did commit. */
  #mayCommit({ raft }: Replica, input: () => void): void {
    const before = raft.commitIndex;
    input();
    if (raft.role !== 'leader') return;
    for (let index = before + 1; index <= raft.commitIndex; index++) {
      const entry = raft.entryAt(index);
      if (entry !== null) this.#checkDurable(entry, raft.configuration);
    }
  }

  /** Leader completeness rests on this: a committed entry is on the disks of a commit quorum. */
  #checkDurable(entry: Entry, configuration: Configuration): void {
    const holds = (id: NodeId): number => {
      const disk = this.replicas[id - 1]?.disk;
      if (disk === undefined) return 0;
      // Damaged since: it counts on nothing until it has that much again.
      if (Math.max(disk.snapshot.index, disk.repairUntil) >= entry.index) return 1;
      const { index, term } = entry;
      return disk.entries.some((held) => held.index === index && held.term === term) ? 1 : 0;
    };
    check(quorumValue(configuration, holds) >= 1, `entry ${entry.index} is on a quorum`);
  }

  #checkStep(entry: Entry): void {
    const next = decodeConfiguration(entry.data);
    const illegal = illegalStep(this.#configuration, next);
    check(illegal === null, `the configuration at ${entry.index}: ${illegal}`);
    this.#configuration = next;
  }

  #persist(replica: Replica): void {
    const write = replica.writes.shift();
    if (write === undefined) return;
    replica.disk = applyDurably(replica.disk, write);
    this.#mayCommit(replica, () => replica.raft.persisted(write.id, this.#clock(replica)));
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
    replica.raft.propose(commands, this.#clock(replica), this.#nowMs * 1000);
  }

  #read(replica: Replica): void {
    this.#context += 1;
    const atLeast = Math.max(0, this.#committed.length - 1);
    if (replica.raft.readIndex(this.#context, this.#clock(replica))) {
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
      target.raft.step(message, this.#clock(target));
    }
    replica.raft.snapshotSent(to);
  }

  /** At whoever leads, if any does: a change that is drawn, wise or not. */
  #change(): void {
    const leader = this.replicas.find(({ raft }) => raft.role === 'leader');
    if (leader === undefined) return;
    const { raft } = leader;
    const ids = this.replicas.map(({ id }) => id);
    const change = drawChange(this.#prng, raft.configuration, ids, (id) => this.#isLost(id));
    raft.proposeMembership(change, this.#clock(leader));
  }

  /** Whether the node's vote and acknowledgements are void for now. */
  #isLost(id: NodeId): boolean {
    const replica = this.replicas[id - 1];
    if (replica === undefined || replica.raft.repairing) return true;
    return this.replicas.some(({ raft }) => raft.isImpostor(id));
  }

  /** A group survives as many lost disks as it does dead nodes, and no more. */
  #mayLose({ id }: Replica): boolean {
    if (this.#isLost(id)) return false;
    const alive = (voter: NodeId): number => (voter === id || this.#isLost(voter) ? 0 : 1);
    // Any configuration that is in somebody's log may be the one that counts in the end.
    const inUse = [this.#configuration, ...this.replicas.map(({ raft }) => raft.configuration)];
    return inUse.every(
      // Beside a witness a committed entry may be on one disk alone.
      (configuration) =>
        canDecide(configuration, alive) &&
        configuration.members.every(
          ({ id: member, witness }) => !witness || !membersOf(configuration).includes(member),
        ),
    );
  }

  /** The end of its log is damaged; what it promised is known. */
  #damage(replica: Replica): void {
    const { disk } = replica;
    const last = disk.entries.at(-1)?.index ?? 0;
    const keepTo = last - this.#prng.below(5);
    const snapshotIndex = disk.snapshot.index;
    if (last === 0 || keepTo < snapshotIndex || !this.#mayLose(replica)) return;
    const entries = disk.entries.filter(({ index }) => index <= keepTo);
    const hardState = {
      ...disk.hardState,
      commitIndex: Math.min(disk.hardState.commitIndex, keepTo),
    };
    this.#replace(replica, { ...disk, entries, hardState, repairUntil: last }, replica.incarnation);
  }

  /** All of it is lost, and the node comes back as if it were new. */
  #wipe(replica: Replica): void {
    const recorded = this.replicas.every(({ raft }) => {
      const { configuration } = raft;
      const member = configuration.members.find(({ id }) => id === replica.id);
      return !membersOf(configuration).includes(replica.id) || (member?.incarnation ?? 0) !== 0;
    });
    if (!recorded || !this.#mayLose(replica)) return;
    const empty = bootstrapState(majorityConfiguration([]));
    this.#network = this.#network.filter(({ from }) => from !== replica.id);
    this.#replace(replica, empty, ++this.#lastIncarnation);
  }

  #replace(replica: Replica, disk: InitialState, incarnation: number): void {
    const next = this.#start(replica.id, disk, incarnation);
    this.replicas[replica.id - 1] = next;
    this.#introduce(next);
  }

  /** Some of the writes under way made it to the disk, in order. */
  #restart(replica: Replica): void {
    let { disk } = replica;
    for (const write of replica.writes.slice(0, this.#prng.below(replica.writes.length + 1))) {
      disk = applyDurably(disk, write);
    }
    this.#replace(replica, disk, replica.incarnation);
  }
}

/** Whether those that are alive can elect and commit: more than witnesses, and enough of them. */
function canDecide(configuration: Configuration, alive: (id: NodeId) => number): boolean {
  const { voters, votersOutgoing } = configuration;
  const votes = new Map([...voters, ...votersOutgoing].map((id) => [id, alive(id) === 1]));
  const hasData = voters.some(
    (id) =>
      alive(id) === 1 &&
      !configuration.members.some((member) => member.id === id && member.witness),
  );
  return (
    voters.length === 0 ||
    (hasData &&
      quorumValue(configuration, alive) >= 1 &&
      voteResult(configuration, votes) === 'won')
  );
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

import { assert, Prng } from '@quorate/base';
import { type Entry, majorityConfiguration } from '@quorate/schema';
import { bootstrapState, Raft } from '../../src/index.ts';
import { LogCheck } from './log-check.ts';

const nodeIds = [1, 2, 3];
const stepMs = 10;
/** A wall clock of our days: what it costs to keep such large numbers is part of the work. */
const epochMicros = 1_790_000_000_000_000;

/** A replica whose storage is memory: a write is durable as soon as it is kept. */
class Replica {
  readonly raft: Raft;
  hasInput = true;
  /** What has been written since the last check; handed out to be applied since then. */
  stored: Entry[] = [];
  applied: (readonly Entry[])[] = [];
  appliedIndex = 0;
  readonly storedCheck: LogCheck;
  readonly appliedCheck: LogCheck;

  constructor(raft: Raft, commands: readonly Uint8Array[]) {
    this.raft = raft;
    this.storedCheck = new LogCheck(commands);
    this.appliedCheck = new LogCheck(commands);
  }
}

function newReplica(nodeId: number, commands: readonly Uint8Array[]): Replica {
  const raft = new Raft(
    {
      nodeId,
      heartbeatIntervalMs: 100,
      electionTimeoutMs: 1000,
      maxClockDrift: null,
      incarnation: nodeId,
      maxMessageBytes: 1024 * 1024,
      maxInflightMessages: 256,
      maxInflightBytes: 64 * 1024 * 1024,
      maxUncommittedBytes: 64 * 1024 * 1024,
      maxApplyBytes: 64 * 1024 * 1024,
      prng: new Prng(nodeId),
    },
    bootstrapState(majorityConfiguration(nodeIds)),
    0,
  );
  return new Replica(raft, commands);
}

/**
 * Three replicas of one group in one process. Messages are handed over as they are, and time is
 * virtual, so that a busy machine costs speed and never the leader.
 */
export class ThreeReplicas {
  readonly #commands: readonly Uint8Array[];
  readonly #replicas: readonly Replica[];
  readonly #leader: Replica;
  #nowMs = 0;
  #proposed = 0;

  /** @param commands proposed in turn, over and over; a multiple of what is proposed at a time */
  constructor(commands: readonly Uint8Array[]) {
    this.#commands = commands;
    this.#replicas = nodeIds.map((nodeId) => newReplica(nodeId, commands));
    this.#leader = this.#elect();
  }

  /** Proposes `count` commands at once and lets everyone work until all three have applied them. */
  commit(count: number): void {
    const first = this.#proposed % this.#commands.length;
    const batch = this.#commands.slice(first, first + count);
    assert(batch.length === count, 'a batch does not go beyond the last command');
    const wallMicros = epochMicros + this.#nowMs * 1000;
    const { outcome } = this.#leader.raft.propose(batch, this.#nowMs, wallMicros);
    assert(outcome === 'appended', 'the leader takes what is proposed');
    this.#proposed += count;
    this.#leader.hasInput = true;
    this.#settle();
  }

  /** Cuts each log behind what was applied, and lets a little time pass. */
  compact(): void {
    this.#nowMs += stepMs;
    for (const replica of this.#replicas) {
      replica.raft.compact(replica.raft.snapshotMeta(replica.appliedIndex), 0);
      replica.raft.tick(this.#nowMs);
      replica.hasInput = true;
    }
    this.#settle();
  }

  /**
   * Checks what has been stored and applied since the last time, entry by entry.
   *
   * @returns the checksum of the whole log, the same for all six copies of it
   * @throws AssertionFailed when a replica has not all of it, or something else
   */
  check(): number {
    for (const replica of this.#replicas) {
      replica.storedCheck.follow(replica.stored);
      for (const entries of replica.applied) replica.appliedCheck.follow(entries);
      replica.stored = [];
      replica.applied = [];
    }
    const { lastIndex } = this.#leader.raft;
    const { checksum } = this.#leader.appliedCheck;
    for (const { raft, storedCheck, appliedCheck } of this.#replicas) {
      assert(raft.commitIndex === lastIndex, 'every replica has committed the whole log');
      for (const copy of [storedCheck, appliedCheck]) {
        assert(copy.lastIndex === lastIndex, 'every replica has stored and applied the whole log');
        assert(copy.commandCount === this.#proposed, 'the log has each command once');
        assert(copy.checksum === checksum, 'all copies of the log are equal');
      }
    }
    return checksum;
  }

  #elect(): Replica {
    this.#settle();
    for (let attempt = 0; attempt < 1000; attempt++) {
      this.#nowMs += stepMs;
      for (const replica of this.#replicas) {
        replica.raft.tick(this.#nowMs);
        replica.hasInput = true;
      }
      this.#settle();
      const leader = this.#replicas.find(({ raft }) => raft.role === 'leader');
      if (leader !== undefined) return leader;
    }
    throw new Error('no replica was elected in 10 s of virtual time');
  }

  #settle(): void {
    for (let isQuiet = false; !isQuiet; ) {
      isQuiet = true;
      for (const replica of this.#replicas) {
        while (replica.hasInput) {
          isQuiet = false;
          this.#turn(replica);
        }
      }
    }
  }

  #turn(replica: Replica): void {
    replica.hasInput = false;
    const { write, messages, committed } = replica.raft.takeEffects();
    for (const message of messages) {
      const receiver = this.#replicas[message.to - 1] as Replica;
      receiver.raft.step(message, this.#nowMs);
      receiver.hasInput = true;
    }
    if (write !== null) {
      for (const entry of write.entries) replica.stored.push(entry);
      replica.raft.persisted(write.id, this.#nowMs);
      replica.hasInput = true;
    }
    if (committed.length > 0) {
      replica.applied.push(committed);
      replica.appliedIndex += committed.length;
      replica.raft.applied(replica.appliedIndex);
      // What is handed out at a time is bounded: there may be more.
      if (replica.raft.commitIndex > replica.appliedIndex) replica.hasInput = true;
    }
  }
}

// Long because: all that is asked of a group passes here, and shares its limits and its end.
import { Prng } from '@quorate/base';
import type { MembershipChange, MembershipProposed } from '@quorate/raft';
import type {
  Configuration,
  Entry,
  Forward,
  ForwardResponse,
  LogIndex,
  NodeId,
} from '@quorate/schema';
import { DurabilityGate } from './durability-gate.ts';
import type { GroupContext } from './group-context.ts';
import type {
  Applied,
  ChangeDone,
  ProposeDone,
  ProposeOptions,
  ReadDone,
  ReadOptions,
  TransferDone,
} from './group-handle.ts';
import { isolated, rethrow } from './isolated.ts';
import {
  answerUnappended,
  MembershipRequests,
  notLeaderError,
  transferFailed,
} from './membership-requests.ts';
import { inPieces, type Proposal } from './proposal.ts';
import { Proposals } from './proposals.ts';
import { Reads } from './reads.ts';
import { checkDurability, checkRead } from './request-checks.ts';
import { outcomeOf, overloadedError, storageFullError } from './request-errors.ts';
import { RuntimeError } from './runtime-error.ts';
import { UnsentAnswers } from './unsent-answers.ts';

/** Bytes of commands handed over in one piece, to the core or to the leader. */
const pieceBytes = 1024 * 1024;

/**
 * Commands that a leader appends in one turn; others wait for the next, which comes at once.
 * Callers who are answered together ask again together: taken in one batch they would leave disks
 * and followers idle while the leader works, and the leader while those do (ADR 0028).
 */
const maxProposedInTurn = 512;

/** Proposals that may wait at a time to be in a log: they cost more than their bytes. */
const maxUnplaced = 100_000;

/** Reads that may wait at a time. */
const maxReads = 100_000;

/** Entries that may be committed and not yet applied before new ones are refused. */
const maxUnapplied = 50_000;

/** What clients ask of one group on this node: proposals and reads, wherever the leader is. */
export class GroupRequests {
  readonly #context: GroupContext;
  readonly #proposals: Proposals;
  readonly #reads: Reads;
  readonly #gate: DurabilityGate;
  readonly #membership: MembershipRequests;
  readonly #unsent = new UnsentAnswers();
  /** When the entries that are being answered were applied. */
  #appliedAtMs = 0;
  /** Who refused what was handed to it, and until when it is not asked again. */
  #refused = { leader: 0, untilMs: 0 };

  constructor(context: GroupContext) {
    this.#context = context;
    const prng = new Prng(context.group.seed).fork();
    this.#proposals = new Proposals(1 + prng.below(2 ** 52), {
      succeeded: (proposal, applied) => this.#succeeded(proposal, applied),
      refused: (proposal, error) => this.#answerRefused(proposal, error),
    });
    const { timers } = context.options.ports;
    this.#reads = new Reads(1 + prng.below(2 ** 52), (error) => rethrow(timers, error));
    this.#gate = new DurabilityGate(1 + prng.below(2 ** 52), (wait) =>
      context.raft.forgetDurability(wait),
    );
    this.#membership = new MembershipRequests(context.raft);
  }

  get idle(): boolean {
    return this.#proposals.idle;
  }

  propose(
    command: Uint8Array,
    done: ProposeDone<unknown>,
    { durability }: ProposeOptions = {},
  ): void {
    const { options } = this.#context;
    if (durability !== undefined) checkDurability(durability);
    const refused = this.#refusal(command);
    if (refused !== null) {
      this.#context.metrics.refused();
      options.ports.timers.defer(() => done(refused, null));
      return;
    }
    this.#context.metrics.proposed();
    const deadlineMs = this.#context.nowMs() + options.tuning.requestTimeoutMs;
    this.#proposals.queue({ command, deadlineMs, durability, done });
    this.#context.wake();
  }

  #succeeded({ durability, deadlineMs, done }: Proposal, applied: Applied<unknown>): void {
    const { metrics, options } = this.#context;
    const startedMs = deadlineMs - options.tuning.requestTimeoutMs;
    metrics.committed((this.#appliedAtMs - startedMs) / 1000);
    if (durability === undefined) {
      try {
        done(null, applied);
      } catch (error) {
        rethrow(options.ports.timers, error);
      }
      return;
    }
    this.#gate.hold(applied.index, durability, deadlineMs, (unmet) =>
      isolated(options.ports.timers, () => done(unmet, unmet === null ? applied : null)),
    );
    this.#context.wake();
  }

  #answerRefused({ done }: Proposal, refused: RuntimeError): void {
    this.#context.metrics.failed();
    isolated(this.#context.options.ports.timers, () => done(refused, null));
  }

  #refusal(command: Uint8Array): RuntimeError | null {
    const closed = this.#context.refusal();
    if (closed !== null) return closed;
    const { maxCommandBytes: maxBytes, maxUncommittedBytes } = this.#context.options.tuning;
    if (command.length <= maxBytes) {
      // Without a leader commands wait here, and must not do so without bound.
      const { unplacedBytes: waiting, unplacedCount } = this.#proposals;
      const fits = waiting === 0 || waiting + command.length <= maxUncommittedBytes;
      return fits && unplacedCount < maxUnplaced ? null : this.#overloaded();
    }
    return new RuntimeError(
      'RUNTIME_COMMAND_TOO_LARGE',
      `The command has ${command.length} bytes; at most ${maxBytes} are taken.`,
      { bytes: command.length, maxBytes },
    );
  }

  #overloaded(): RuntimeError {
    return overloadedError(this.#context.options.tuning.heartbeatIntervalMs);
  }

  readBarrier(done: ReadDone, { maxStalenessMs = 0, minIndex = 0 }: ReadOptions = {}): void {
    const { options } = this.#context;
    checkRead(maxStalenessMs, minIndex);
    const closed = this.#context.refusal();
    if (closed !== null || this.#reads.count >= maxReads) {
      const refused = closed ?? this.#overloaded();
      options.ports.timers.defer(() => done(refused, 0));
      return;
    }
    const nowMs = this.#context.nowMs();
    const deadlineMs = nowMs + options.tuning.requestTimeoutMs;
    const known =
      maxStalenessMs > 0 && this.#reads.waitFor(done, deadlineMs, minIndex, maxStalenessMs, nowMs);
    if (!known) this.#reads.queue(done, deadlineMs, minIndex);
    this.#context.wake();
  }

  /** Hands on what has gathered: to the core here, or to the leader. Once a turn. */
  dispatch(nowMs: number): void {
    const { raft } = this.#context;
    this.#unsent.sendAll((answer) => this.#sendAnswer(answer));
    this.#reads.askAll((context) => raft.readIndex(context, nowMs), nowMs);
    this.#reads.reached(this.#context.appliedIndex());
    this.#gate.askAll(
      (context, index, durability) => raft.awaitDurability(context, index, durability, nowMs),
      nowMs,
    );
    if (this.#proposals.queuedCount === 0) return;
    if (raft.role === 'leader') this.#proposeHere(nowMs);
    else if (raft.leaderId !== 0) {
      const { leader, untilMs } = this.#refused;
      if (raft.leaderId !== leader || nowMs >= untilMs) this.#forward(raft.leaderId);
    }
  }

  #proposeHere(nowMs: number): void {
    const taken = this.#proposals.takeQueued(maxProposedInTurn);
    if (this.#proposals.queuedCount > 0) this.#context.wake();
    for (const piece of inPieces(taken, pieceBytes)) {
      const refused = this.#append(
        piece.map((proposal) => proposal.command),
        nowMs,
        (firstIndex, term) => this.#proposals.appended(piece, firstIndex, term),
      );
      if (refused !== null) for (const proposal of piece) this.#answerRefused(proposal, refused);
    }
  }

  #append(
    commands: readonly Uint8Array[],
    nowMs: number,
    appended: (firstIndex: LogIndex, term: number) => void,
  ): RuntimeError | null {
    const { options, raft } = this.#context;
    if (!options.logStore.writable) return storageFullError();
    // A state machine that cannot keep up would let the log in memory grow without bound.
    if (raft.commitIndex - this.#context.appliedIndex() > maxUnapplied) return this.#overloaded();
    const proposed = raft.propose(commands, nowMs, options.ports.clock.wallMicros());
    if (proposed.outcome === 'appended') {
      appended(proposed.firstIndex, proposed.term);
      return null;
    }
    if (proposed.outcome === 'overloaded') {
      return this.#overloaded();
    }
    return notLeaderError(proposed.leader);
  }

  #forward(leader: NodeId): void {
    const { options, raft } = this.#context;
    // Kept until there is a link: what was never sent can still be sent.
    if (!options.links.isConnected(leader)) return;
    for (const piece of inPieces(this.#proposals.takeQueued(), pieceBytes)) {
      const request = this.#proposals.forwarded(piece, leader);
      const sent = this.#context.send(leader, {
        type: 'Forward',
        from: raft.nodeId,
        to: leader,
        term: raft.currentTerm,
        request,
        commands: piece.map((proposal) => proposal.command),
      });
      if (sent) continue;
      this.#proposals.takeForwarded(request);
      const refused = this.#overloaded();
      for (const proposal of piece) this.#answerRefused(proposal, refused);
    }
  }

  #sendAnswer(answer: ForwardResponse): boolean {
    const { links } = this.#context.options;
    return links.isConnected(answer.to) && this.#context.send(answer.to, answer);
  }

  /** A follower hands its clients' commands on. It is told at once where they stand in the log. */
  forwardReceived(message: Forward): void {
    const { raft, options } = this.#context;
    const answer = (
      outcome: ForwardResponse['outcome'],
      firstIndex: LogIndex,
      entryTerm: number,
    ): void => {
      const response: ForwardResponse = {
        type: 'ForwardResponse',
        from: raft.nodeId,
        to: message.from,
        term: raft.currentTerm,
        request: message.request,
        outcome,
        firstIndex,
        entryTerm,
      };
      if (this.#sendAnswer(response)) return;
      this.#unsent.keep(response, this.#context.nowMs() + options.tuning.requestTimeoutMs);
    };
    if (this.#context.refusal() !== null) {
      answer('stopping', 0, 0);
      return;
    }
    if (!isMember(raft.configuration, message.from)) {
      // It could never learn what became of them: no entries go there any more.
      answer('notLeader', 0, 0);
      return;
    }
    const { maxCommandBytes } = options.tuning;
    const fits = message.commands.every((command) => command.length <= maxCommandBytes);
    if (message.commands.length === 0 || !fits) {
      answer('overloaded', 0, 0);
      return;
    }
    const refused = this.#append(message.commands, this.#context.nowMs(), (firstIndex, term) =>
      answer('appended', firstIndex, term),
    );
    if (refused !== null) answer(outcomeOf(refused), 0, 0);
  }

  forwardAnswered(message: ForwardResponse): void {
    const proposals = this.#proposals.takeForwarded(message.request);
    if (proposals === null) return;
    if (message.outcome === 'appended') {
      this.#awaitForwarded(proposals, message);
    } else if (message.outcome === 'notLeader' || message.outcome === 'stopping') {
      // Nothing was appended there, so handing it on anew cannot apply it twice.
      this.#proposals.requeue(proposals);
      // It will say so again until its successor is known: ask at the pace of heartbeats.
      const untilMs = this.#context.nowMs() + this.#context.options.tuning.heartbeatIntervalMs;
      this.#refused = { leader: message.from, untilMs };
    } else {
      const refused = message.outcome === 'storageFull' ? storageFullError() : this.#overloaded();
      for (const proposal of proposals) this.#answerRefused(proposal, refused);
    }
  }

  #awaitForwarded(proposals: readonly Proposal[], message: ForwardResponse): void {
    const { firstIndex, entryTerm } = message;
    const applied = this.#context.appliedIndex();
    // An answer that was overtaken by its own entries: their results are gone.
    const late = Math.max(0, Math.min(proposals.length, applied - firstIndex + 1));
    this.#proposals.overtaken(proposals.slice(0, late));
    this.#proposals.appended(proposals.slice(late), firstIndex + late, entryTerm);
    this.#tellOverwritten();
  }

  /** Those whose place was taken away from them, also when no entry stands there yet. */
  #tellOverwritten(): void {
    const { raft } = this.#context;
    // Null while a snapshot is restored: nothing is known to be applied that the log still has.
    const term = raft.termAt(this.#context.appliedIndex());
    if (term !== null) this.#proposals.overwritten(term, raft.leaderId);
  }

  applied(entries: readonly Entry[], results: readonly unknown[]): void {
    // Once for all of them: a look at the clock for each would cost more than its answer.
    this.#appliedAtMs = this.#context.nowMs();
    this.#proposals.applied(entries, results, this.#context.raft.leaderId);
    this.#tellOverwritten();
    this.#reads.reached(this.#context.appliedIndex());
  }

  restored(index: LogIndex): void {
    this.#proposals.superseded(index);
    this.#tellOverwritten();
    this.#reads.reached(index);
  }

  readConfirmed(context: number, index: LogIndex): void {
    this.#reads.confirmed(context, index);
    this.#reads.reached(this.#context.appliedIndex());
  }

  readFailed(context: number): void {
    this.#reads.failed(context);
  }

  durabilityAnswered(context: number, reached: boolean): void {
    this.#gate.answered(context, reached);
  }

  durabilityFailed(context: number): void {
    this.#gate.failed(context);
  }

  changeMembership(change: MembershipChange, done: ChangeDone): void {
    this.#reconfigure((nowMs) => this.#context.raft.proposeMembership(change, nowMs), done);
  }

  leaveJoint(done: ChangeDone): void {
    this.#reconfigure((nowMs) => this.#context.raft.leaveJoint(nowMs), done);
  }

  #reconfigure(propose: (nowMs: number) => MembershipProposed, done: ChangeDone): void {
    const { options, raft } = this.#context;
    const { timers } = options.ports;
    const closed = this.#context.refusal();
    if (closed !== null) {
      timers.defer(() => done(closed, null));
      return;
    }
    const told: ChangeDone = (error, index) => isolated(timers, () => done(error, index));
    const nowMs = this.#context.nowMs();
    const proposed = propose(nowMs);
    const { configurationIndex } = raft;
    if (proposed.outcome === 'appended')
      this.#membership.changeAppended(proposed, nowMs + options.tuning.requestTimeoutMs, told);
    else timers.defer(() => answerUnappended(proposed, configurationIndex, done));
    this.#context.wake();
  }

  transferLeadership(to: NodeId | null, done: TransferDone): void {
    const { options, raft } = this.#context;
    const { timers } = options.ports;
    const closed = this.#context.refusal();
    if (closed !== null) {
      timers.defer(() => done(closed));
      return;
    }
    const nowMs = this.#context.nowMs();
    const target = to ?? raft.bestSuccessor;
    // Nobody is fit to take over at this moment, which may pass.
    const isNobody = to === null && target === 0 && raft.role === 'leader';
    const refusal = isNobody ? 'notCaughtUp' : raft.transferLeadership(target, nowMs);
    if (refusal === null) {
      const deadlineMs = nowMs + 2 * options.tuning.requestTimeoutMs;
      const told: TransferDone = (error) => isolated(timers, () => done(error));
      this.#membership.transferBegun(target, deadlineMs, told);
      this.#context.wake();
      return;
    }
    const error =
      refusal === 'notLeader' ? notLeaderError(raft.leaderId) : transferFailed(target, refusal);
    timers.defer(() => done(error));
  }

  /** After each turn: answers what it has decided. */
  turned(): void {
    this.#membership.settle();
  }

  linkLost(peer: NodeId): void {
    this.#proposals.linkLost(peer);
  }

  /** Ends what has waited too long, and asks again where an answer seems lost. */
  expire(nowMs: number): void {
    const { tuning } = this.#context.options;
    this.#unsent.expire(nowMs);
    this.#proposals.expire(nowMs, tuning.electionTimeoutMs);
    const { requestTimeoutMs, electionTimeoutMs } = tuning;
    for (const context of this.#reads.expire(nowMs, requestTimeoutMs, electionTimeoutMs)) {
      this.#context.raft.forgetRead(context);
    }
    this.#membership.expire(nowMs);
    const asksAgain = this.#gate.expire(nowMs, electionTimeoutMs);
    const queuedCount = this.#reads.queuedCount + this.#proposals.queuedCount;
    if (asksAgain || queuedCount > 0) this.#context.wake();
  }

  failAll(error: RuntimeError): void {
    this.#proposals.failAll(error);
    this.#reads.failAll(error);
    this.#gate.failAll();
    this.#membership.failAll(error);
  }
}

function isMember(
  { voters, votersOutgoing, learners, learnersNext }: Configuration,
  node: NodeId,
): boolean {
  return [voters, votersOutgoing, learners, learnersNext].some((ids) => ids.includes(node));
}

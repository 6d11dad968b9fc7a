import type { Logger, Timer } from '@quorate/base';
import { timers } from '@quorate/node';
import type { Election } from '../election.ts';
import { RunningElection } from '../running-election.ts';
import { Campaigner } from './campaigner.ts';
import type { Hello } from './hello.ts';
import { type MeetingOptions, meet } from './meeting.ts';
import { nodeIdOf } from './node-id.ts';
import type { RaftifyNode, RaftifyState, ShutdownOptions } from './raftify-node.ts';
import type { RaftifySettings } from './raftify-settings.ts';
import type { Roster } from './roster.ts';
import type { Standing } from './standing.ts';

export interface RunningNodeParts {
  readonly settings: RaftifySettings;
  readonly election: Election;
  readonly standing: Standing;
  readonly roster: Roster;
  readonly meeting: MeetingOptions;
  readonly logger: Logger;
  /** Of what the election stands on. */
  readonly close: () => void;
}

/** Members whose ids are not known yet are asked for them so often. */
const namingMs = 1_000;

const states = {
  follower: 'Follower',
  preCandidate: 'PreCandidate',
  candidate: 'Candidate',
  // Of the group, and not of the election yet.
  leader: 'Candidate',
  witness: 'Follower',
  // It is being taken in, or was removed.
  learner: 'Rejoin',
  removed: 'Rejoin',
} as const;

/** A node of Raftify's kind around an election. */
export class RunningRaftifyNode implements RaftifyNode {
  readonly election: Election;
  readonly #parts: RunningNodeParts;
  readonly #campaigner: Campaigner;
  #naming: Timer | null = null;
  #isClosed = false;
  #isReplacing = false;
  #end: 'PreShutdown' | 'Shutdown' | null = null;
  #closing: Promise<void> | null = null;

  constructor(parts: RunningNodeParts) {
    const { election, settings, logger } = parts;
    this.#parts = parts;
    this.election = election;
    const pauseMs = settings.timing.electionTimeoutMs;
    this.#campaigner = new Campaigner({ election, pauseMs, logger });
    this.#nameLater(0);
    parts.standing.onLost = (asker) => void this.#replace(asker);
  }

  getID(): string {
    return this.#parts.settings.config.id;
  }

  getState(): RaftifyState {
    if (this.#end !== null) return this.#end;
    const { isLeader, membership, role } = this.election.health();
    if (isLeader) return 'Leader';
    return membership === 'member' ? states[role] : 'Rejoin';
  }

  getHealthScore(): number {
    const { voters, reachableVoters, leader, isWritable, membership } = this.election.health();
    const isOut = !isWritable || membership !== 'member';
    return voters - reachableVoters + (leader === null ? 1 : 0) + (isOut ? 1 : 0);
  }

  getMembers(): Readonly<Record<string, string>> {
    const { roster } = this.#parts;
    const members = this.election.members();
    return Object.fromEntries(
      members.map(({ id, address }) => [roster.idOf(id) ?? String(id), address]),
    );
  }

  shutdown({ leave = false }: ShutdownOptions = {}): Promise<void> {
    this.#closing ??= this.#shutdown(leave);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  async #shutdown(leave: boolean): Promise<void> {
    this.#end = 'PreShutdown';
    this.#campaigner.isPaused = true;
    try {
      if (leave) await this.election.leave();
    } catch (error) {
      this.#end = null;
      this.#closing = null;
      this.#campaigner.isPaused = false;
      throw error;
    }
    this.#isClosed = true;
    this.#naming?.cancel();
    this.#campaigner.close();
    await this.election.close();
    this.#parts.close();
    this.#end = 'Shutdown';
  }

  /**
   * A node has lost its directory, so what it has voted is not known, and its old self never votes
   * nor answers again: it is removed, as if it had left, and then comes in as a new one.
   */
  async #replace({ id, address }: Hello): Promise<void> {
    const { election } = this;
    const { logger, meeting } = this.#parts;
    const node = nodeIdOf(id);
    const member = election.members().find((one) => one.id === node && one.address === address);
    const isMine = member !== undefined && node !== election.id && election.isLeader();
    if (!isMine || this.#isReplacing || this.#end !== null) return;
    this.#isReplacing = true;
    try {
      // Anybody can say so; the one at that address has to.
      const { answers } = await meet(meeting, [address]);
      const answer = answers.get(address);
      if (answer?.isLost !== true || answer.id !== id || !election.isLeader()) return;
      if (!(election instanceof RunningElection)) return;
      await election.removeMember(node);
      logger.warn('member removed that has lost its directory', { node: id, address });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn('member not removed yet that has lost its directory', { node: id, reason });
    } finally {
      this.#isReplacing = false;
    }
  }

  #nameLater(delayMs: number): void {
    this.#naming = timers.after(delayMs, () => void this.#name());
  }

  async #name(): Promise<void> {
    const { roster, meeting } = this.#parts;
    const unnamed = this.election.members().filter(({ id, address }) => {
      return address !== '' && roster.idOf(id) === null;
    });
    await meet(
      meeting,
      unnamed.map(({ address }) => address),
    );
    if (!this.#isClosed) this.#nameLater(namingMs);
  }
}

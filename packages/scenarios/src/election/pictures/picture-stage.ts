import {
  type ClaimsResult,
  defaultElectionTiming,
  type ElectionTiming,
  encodeClaimsCommand,
} from '@quorate/election/core';
import type { GroupStatus } from '@quorate/runtime';
import type { NodeId, Term } from '@quorate/schema';
import {
  InvariantViolation,
  type SimulatedCluster,
  type SimulatedNode,
  type TraceEvent,
} from '@quorate/sim';
import type { Candidate } from '../candidate.ts';
import { claimsGroup, ElectionStage, electionGroup } from '../election-stage.ts';
import type { LeadershipChecker } from '../leadership-checker.ts';
import { MessageGate } from './message-gate.ts';
import type { PictureSetting } from './picture-setting.ts';

const stepMs = 1;
const patienceMs = 5000;
const text = new TextEncoder();

/** Null: nobody knows. */
type Claimed = ClaimsResult | null;

/** Nobody signs by itself: pictures say who claims what. */
const idleSlotMs = 1e9;

/** What a script can do, and see; it ends by an InvariantViolation where something is wrong. */
export class PictureStage {
  readonly gate: MessageGate;
  readonly cluster: SimulatedCluster;
  readonly checker: LeadershipChecker;
  readonly timing: ElectionTiming;
  readonly #stage: ElectionStage;
  /** By voter and term: for whom. */
  readonly #votes = new Map<string, NodeId>();

  constructor(setting: PictureSetting, seed: number, trace?: (event: TraceEvent) => void) {
    const { nodes, claims = false, mayOverlap = false, members = null } = setting;
    this.timing = { ...defaultElectionTiming, ...setting.timing };
    this.gate = new MessageGate(electionGroup, (node, delayMs, callback) => {
      node.world.schedule(delayMs, callback);
    });
    this.#stage = new ElectionStage({
      seed,
      nodes,
      tuning: { requestTimeoutMs: 2000 },
      clockDrift: 0,
      diskMs: 1,
      timing: this.timing,
      habits: { restlessMs: 0, actMs: 10, slotMs: claims ? idleSlotMs : 0 },
      mayOverlap,
      members,
      born: (candidate) => candidate.campaign(),
      linksThrough: (node, links) => this.gate.through(node, links),
      ...(trace === undefined ? {} : { trace }),
    });
    this.cluster = this.#stage.cluster;
    this.checker = this.#stage.checker;
    this.gate.onSent(({ from, to, message }) => {
      if (message.type === 'RequestVoteResponse' && message.granted) {
        this.#voted(from, message.term, to);
      }
    });
  }

  /** In the order of their ids. */
  get nodes(): readonly SimulatedNode[] {
    return this.cluster.nodes;
  }

  get nowMs(): number {
    return this.cluster.scheduler.nowMs;
  }

  /** Leaderships so far. */
  get elections(): number {
    return this.checker.elections;
  }

  get leader(): SimulatedNode | null {
    return this.checker.leader?.node ?? null;
  }

  /** As the node knows them. */
  voters({ id }: SimulatedNode): readonly NodeId[] {
    return this.#statusOf(id)?.configuration.voters ?? [];
  }

  /** Asks a node to have all other voters removed, whether or not it still leads. */
  shrinkTo({ id }: SimulatedNode, nodes: readonly SimulatedNode[]): void {
    const group = this.cluster.node(id).host?.group(electionGroup);
    const gone = this.others(...nodes);
    const steps = gone.map((node) => ({ kind: 'remove', id: node.id }) as const);
    group?.changeMembership({ steps, mode: 'jointAutoLeave' }, () => undefined);
  }

  #statusOf(id: NodeId): GroupStatus | undefined {
    return this.cluster.node(id).host?.group(electionGroup).status();
  }

  begin(): void {
    this.#stage.begin();
  }

  /** All start, and one leads. */
  beginWithLeader(): SimulatedNode {
    this.begin();
    const leader = this.awaitLeader();
    this.run(2 * this.timing.electionTimeoutMs);
    return leader;
  }

  others(...nodes: readonly SimulatedNode[]): SimulatedNode[] {
    return this.nodes.filter((node) => !nodes.includes(node));
  }

  candidate(node: SimulatedNode): Candidate {
    const candidate = this.#stage.candidateOf(node);
    if (candidate === undefined) throw this.#wrong(`node ${node.id} runs`);
    return candidate;
  }

  /** @throws InvariantViolation when one is violated meanwhile */
  run(ms: number): void {
    if (this.cluster.runUntil(this.nowMs + ms)) return;
    throw this.cluster.violation ?? this.#wrong('the run goes on');
  }

  /** Runs until it is so. */
  until(what: string, holds: () => boolean, withinMs = patienceMs): void {
    const endMs = this.nowMs + withinMs;
    while (!holds()) {
      if (this.nowMs >= endMs) throw this.#wrong(`${what} within ${withinMs} ms`);
      this.run(stepMs);
    }
  }

  awaitLeader(not: SimulatedNode | null = null, withinMs = patienceMs): SimulatedNode {
    const who = not === null ? 'somebody leads' : `somebody else than node ${not.id} leads`;
    this.until(who, () => this.leader !== null && this.leader !== not, withinMs);
    return this.leader as SimulatedNode;
  }

  expect(holds: boolean, what: string): void {
    if (!holds) throw this.#wrong(what);
  }

  /** What goes from the one side to the other is held up; with `oneWay` not what comes back. */
  cut(
    left: readonly SimulatedNode[],
    right: readonly SimulatedNode[],
    { oneWay = false }: { readonly oneWay?: boolean } = {},
  ): void {
    for (const a of left) {
      for (const b of right) this.cluster.network.partition(a.id, b.id, { oneWay });
    }
  }

  heal(): void {
    this.cluster.network.heal();
  }

  /** kill -9. */
  kill(node: SimulatedNode): void {
    this.cluster.crash(node, false);
  }

  losePower(node: SimulatedNode): void {
    this.cluster.crash(node, true);
  }

  start(node: SimulatedNode): void {
    this.cluster.start(node);
    this.until(`node ${node.id} starts`, () => node.host !== null);
  }

  /**
   * Claims the block of a slot, and asks again for the same where nobody knows the outcome.
   *
   * @returns what the claims answered
   */
  claim(node: SimulatedNode, slot: number, content: string, token: bigint): ClaimsResult {
    for (;;) {
      const answer = this.#claimOnce(node, slot, content, token);
      if (answer !== null) return answer;
    }
  }

  #claimOnce(node: SimulatedNode, slot: number, content: string, token: bigint): Claimed {
    const digest = new Uint8Array(32);
    digest.set(text.encode(content));
    const position = { kind: 'block', slot: BigInt(slot) } as const;
    const key = text.encode('validator');
    const command = encodeClaimsCommand({ kind: 'claim', key, position, digest, token });
    let answer: Claimed | undefined;
    node.host?.group<ClaimsResult>(claimsGroup).propose(command, (_, applied) => {
      answer = applied?.result ?? null;
      if (answer?.kind !== 'sign') return;
      this.#stage.signatures.granted({ node: node.id, position, content });
    });
    this.until(`a claim of node ${node.id} is answered`, () => answer !== undefined);
    return answer ?? null;
  }

  #voted(voter: NodeId, term: Term, candidate: NodeId): void {
    const key = `${voter}/${term}`;
    const before = this.#votes.get(key);
    this.#votes.set(key, candidate);
    if (before === undefined || before === candidate) return;
    const why = `node ${voter} votes for nodes ${before} and ${candidate} in term ${term}`;
    this.cluster.fail(new InvariantViolation('one vote a term', why));
  }

  #wrong(what: string): InvariantViolation {
    const why = `at ${Math.round(this.nowMs)} ms it is not so that ${what}`;
    return new InvariantViolation('as the picture says', why);
  }
}

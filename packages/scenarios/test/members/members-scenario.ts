import { Prng } from '@quorate/base';
import { etcd, type NodeId } from '@quorate/schema';
import { apiIdOf, nodeOfApiId, type RpcError, rpcErrors } from '@quorate/server/core';
import {
  type ClusterPlan,
  InvariantViolation,
  isMember,
  playStrikes,
  runUntilHolds,
  type SimulatedNode,
  serviceBoundMs,
  usualTuning,
  whatIsBehind,
} from '@quorate/sim';
import { founders, SimulatedService, urlOf } from './simulated-service.ts';

const faultyMs = 25_000;
/** A node that does not answer is given up. */
const patienceMs = 6000;
/** What a leader leaves of nobody's, and how long until it looks again. */
const clearedAfterMs = 35_000;

/** None that loses data for good, or changes members behind the service's back. */
const troubles = [
  'kill',
  'power-loss',
  'leader-power-loss',
  'pause',
  'rolling-kill',
  'leadership-transfer',
  'hand-over-cut-off',
  'partition',
  'leader-cut-off',
  'old-leader-returns',
  'one-way-partition',
  'message-faults',
] as const;

const service = '/etcdserverpb.Cluster';
const methods = {
  add: [`${service}/MemberAdd`, etcd.MemberAddRequest, etcd.MemberAddResponse],
  remove: [`${service}/MemberRemove`, etcd.MemberRemoveRequest, etcd.MemberRemoveResponse],
  promote: [`${service}/MemberPromote`, etcd.MemberPromoteRequest, etcd.MemberPromoteResponse],
  update: [`${service}/MemberUpdate`, etcd.MemberUpdateRequest, etcd.MemberUpdateResponse],
} as const;

/** After these nothing has happened, and nothing will. */
const final: ReadonlySet<RpcError> = new Set([
  rpcErrors.peerUrlsExist,
  rpcErrors.memberIdExists,
  rpcErrors.notEnoughStartedMembers,
  rpcErrors.unhealthyCluster,
  rpcErrors.tooManyLearners,
]);

type Fate = 'open' | 'done' | 'refused';

/** Put in on purpose, to see that it is found. */
interface Mistakes {
  /** The id of somebody who was removed is given to the next. */
  readonly drawsIdsAgain?: boolean;
}

/** What was asked of one node's membership, and what came of it. */
interface Story {
  added: Fate | null;
  removed: Fate | null;
  promoted: Fate | null;
}

export interface MembersResult {
  readonly violation: Error | null;
  /** Acknowledged, by what they were. */
  readonly done: ReadonlyMap<string, number>;
  readonly hash: string;
}

/**
 * Operators change who is a member through the service of any node, while nodes die and links
 * break. Once all is quiet the table and the configuration agree, nothing half done is left, and
 * what was acknowledged is so; and never does a removed member come back.
 */
export function runMembersScenario(seed: number, mistakes: Mistakes = {}): MembersResult {
  return new MembersScenario(seed, mistakes).run();
}

class MembersScenario {
  readonly #service: SimulatedService;
  readonly #prng: Prng;
  readonly #plan: ClusterPlan;
  readonly #mistakes: Mistakes;
  readonly #stories = new Map<NodeId, Story>();
  readonly #done = new Map<string, number>();
  /** By the index of the configuration, who was a member by what was committed. */
  readonly #committed = new Map<number, ReadonlySet<NodeId>>();
  #spare = founders;

  constructor(seed: number, mistakes: Mistakes) {
    this.#service = new SimulatedService(seed);
    this.#mistakes = mistakes;
    this.#prng = new Prng(seed ^ 0x5eed);
    this.#plan = planOf(seed, this.#prng);
    for (const { id } of this.#cluster.nodes) {
      this.#stories.set(id, { added: null, removed: null, promoted: null });
    }
  }

  get #cluster(): SimulatedService['cluster'] {
    return this.#service.cluster;
  }

  run(): MembersResult {
    const cluster = this.#cluster;
    this.#service.start();
    this.#watch();
    playStrikes(cluster, this.#plan);
    for (let operator = 0; operator < 2; operator++) this.#operate(operator === 0);
    if (cluster.runUntil(faultyMs)) this.#settle();
    return { violation: cluster.violation, done: this.#done, hash: cluster.hash.digest };
  }

  /** One thing after the other, until the faults end. Only one of them adds. */
  #operate(adds: boolean): void {
    const next = (): void => {
      const { scheduler } = this.#cluster;
      scheduler.schedule(this.#prng.between(5, 700), () => {
        if (scheduler.nowMs < faultyMs) this.#act(adds, next);
      });
    };
    next();
  }

  #act(adds: boolean, next: () => void): void {
    const node = this.#asked();
    if (node === null) return next();
    const members = this.#membersKnownTo(node);
    const id = members.length === 0 ? 0 : this.#prng.pick(members);
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      next();
    };
    this.#cluster.scheduler.schedule(patienceMs, over);
    const kind = this.#prng.float();
    if (adds && kind < 0.6) this.#add(node, over);
    else if (kind < 0.75) this.#remove(node, id, over);
    else if (kind < 0.9) this.#promote(node, id, over);
    else this.#update(node, id, over);
    return undefined;
  }

  #add(node: SimulatedNode, over: () => void): void {
    const id = this.#nextId();
    if (id === null) return over();
    this.#service.nextId = id;
    const story = this.#story(id);
    story.added = 'open';
    const isLearner = this.#prng.chance(0.3);
    const message = { peerURLs: [urlOf(id)], isLearner };
    this.#service.call(node, methods.add, message, ({ error }) => {
      story.added = fateOf(error);
      this.#count('add', error);
      over();
    });
    return undefined;
  }

  #nextId(): NodeId | null {
    if (this.#mistakes.drawsIdsAgain === true) {
      const gone = [...this.#stories].filter(([, { removed }]) => removed === 'done');
      if (gone.length > 0) return this.#prng.pick(gone)[0];
    }
    return this.#spare < this.#cluster.nodes.length ? ++this.#spare : null;
  }

  #remove(node: SimulatedNode, id: NodeId, over: () => void): void {
    const story = this.#story(id);
    if (story.removed === null || story.removed === 'refused') story.removed = 'open';
    this.#service.call(node, methods.remove, { ID: apiIdOf(id) }, ({ error, answer }) => {
      const fate = fateOf(error);
      if (fate === 'done') story.removed = 'done';
      this.#count('remove', error);
      const left = answer?.members.map((one) => nodeOfApiId(one.ID)) ?? [];
      if (left.includes(id)) this.#fail('answers', `node ${id} is listed after its removal`);
      over();
    });
  }

  #promote(node: SimulatedNode, drawn: NodeId, over: () => void): void {
    const { learners = [] } = this.#service.handle(node)?.status().configuration ?? {};
    const id = learners.length > 0 && this.#prng.chance(0.8) ? this.#prng.pick(learners) : drawn;
    const story = this.#story(id);
    this.#service.call(node, methods.promote, { ID: apiIdOf(id) }, ({ error }) => {
      if (error === null) story.promoted = 'done';
      this.#count('promote', error);
      over();
    });
  }

  #update(node: SimulatedNode, id: NodeId, over: () => void): void {
    const peerURLs = [urlOf(id), `http://of${id}:${this.#prng.between(1, 4)}`];
    this.#service.call(node, methods.update, { ID: apiIdOf(id), peerURLs }, ({ error }) => {
      this.#count('update', error);
      over();
    });
  }

  #story(id: NodeId): Story {
    return this.#stories.get(id) ?? { added: null, removed: null, promoted: null };
  }

  #count(what: string, error: RpcError | null): void {
    if (error === null) this.#done.set(what, (this.#done.get(what) ?? 0) + 1);
  }

  /** A node that runs and has a part. */
  #asked(): SimulatedNode | null {
    const nodes = this.#cluster.nodes.filter((node) => {
      const role = this.#service.handle(node)?.status().role ?? 'removed';
      return role !== 'removed' && !node.world.paused;
    });
    return nodes.length === 0 ? null : this.#prng.pick(nodes);
  }

  #membersKnownTo(node: SimulatedNode): readonly NodeId[] {
    const status = this.#service.handle(node)?.status();
    if (status === undefined) return [];
    return this.#cluster.nodes.map(({ id }) => id).filter((id) => isMember(status, id));
  }

  /** Every configuration that any node knows to be committed. */
  #watch(): void {
    this.#cluster.scheduler.schedule(5, () => this.#watch());
    for (const node of this.#cluster.nodes) {
      const status = this.#service.handle(node)?.status();
      if (status === undefined || status.role === 'removed') continue;
      const { configurationIndex: index, commitIndex } = status;
      if (index > commitIndex || this.#committed.has(index)) continue;
      const members = new Set(this.#membersKnownTo(node));
      this.#committed.set(index, members);
      this.#checkReturns();
    }
  }

  #checkReturns(): void {
    const gone = new Set<NodeId>();
    let before: ReadonlySet<NodeId> = new Set();
    for (const [, members] of [...this.#committed].sort(([a], [b]) => a - b)) {
      for (const id of before) if (!members.has(id)) gone.add(id);
      const returned = [...members].find((id) => gone.has(id));
      if (returned !== undefined) this.#fail('removed for good', `node ${returned} is back`);
      before = members;
    }
  }

  #settle(): void {
    const cluster = this.#cluster;
    cluster.heal();
    const boundMs = serviceBoundMs(this.#plan) + 10_000;
    const isWell = (): string | null => whatIsBehind(cluster, this.#plan);
    if (!runUntilHolds(cluster, boundMs, isWell)) return;
    if (!cluster.runUntil(cluster.scheduler.nowMs + clearedAfterMs)) return;
    if (!runUntilHolds(cluster, boundMs, isWell)) return;
    this.#checkEnd();
  }

  #checkEnd(): void {
    const leader = this.#cluster.nodes.find((node) => this.#cluster.leads(node)) as SimulatedNode;
    const members = this.#membersKnownTo(leader);
    const { configuration } = this.#service.handle(leader)?.status() ?? {};
    for (const node of this.#cluster.nodes.filter(({ id }) => members.includes(id))) {
      const { all } = this.#service.machine(node).members;
      const known = [...all.keys()].sort((a, b) => a - b);
      const founding = members.filter((id) => id <= founders);
      const missing = members.filter(
        (id) => (all.get(id)?.peerUrls.length ?? 0) === 0 && !founding.includes(id),
      );
      const over = known.filter((id) => !members.includes(id));
      if (missing.length > 0) this.#fail('known in full', `nothing is known of ${missing}`);
      if (over.length > 0) this.#fail('no half lines', `node ${node.id} has ${over} of nobody`);
    }
    for (const { id, address } of configuration?.members ?? []) {
      const [url] = this.#service.machine(leader).members.of(id)?.peerUrls ?? [];
      if (url !== undefined && url !== `http://${address}`) {
        this.#fail('addresses follow', `node ${id} is at ${url} and looked for at ${address}`);
      }
    }
    for (const [id, story] of this.#stories) this.#checkStory(id, story, members);
    for (const [id, { promoted, removed }] of this.#stories) {
      if (promoted !== 'done' || removed !== null) continue;
      if (configuration?.voters.includes(id) !== true) this.#fail('promoted', `${id} has no vote`);
    }
  }

  #checkStory(id: NodeId, { added, removed }: Story, members: readonly NodeId[]): void {
    const isIn = members.includes(id);
    if (removed === 'done' && isIn) this.#fail('removed', `node ${id} is a member still`);
    if (added === 'refused' && isIn) this.#fail('refused', `node ${id} was refused and is in`);
    const mustBeIn = added === 'done' || (added === null && id <= founders);
    if (mustBeIn && removed === null && !isIn) this.#fail('added', `node ${id} is not a member`);
  }

  #fail(invariant: string, why: string): void {
    this.#cluster.fail(new InvariantViolation(invariant, why));
  }
}

function fateOf(error: RpcError | null): Fate {
  if (error === null) return 'done';
  return final.has(error) ? 'refused' : 'open';
}

function planOf(seed: number, prng: Prng): ClusterPlan {
  const kinds = prng.shuffle(troubles).slice(0, prng.between(1, 4));
  const strikes: { atMs: number; nemesis: string; seed: number }[] = [];
  const meanMs = prng.pick([400, 1500, 4000]);
  for (let atMs = 2000; atMs < faultyMs; atMs += prng.between(1, 2 * meanMs)) {
    strikes.push({ atMs, nemesis: prng.pick(kinds), seed: prng.uint32() });
  }
  return {
    seed,
    nodes: founders,
    clients: 0,
    thinkMs: 0,
    diskMs: 2,
    clockDrift: 0.01,
    leases: false,
    quiesceMs: 0,
    priorities: false,
    lastPart: 'voter',
    mends: false,
    faultyMs,
    tuning: { electionTimeoutMs: 300, requestTimeoutMs: usualTuning.requestTimeoutMs },
    strikes,
  };
}

import type { Prng } from '@quorate/base';
import type { MembershipChange } from '@quorate/raft';
import type { GroupHandle } from '@quorate/runtime';
import type { Configuration, GroupId, NodeId, QuorumSizes } from '@quorate/schema';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { Nemesis } from './nemesis.ts';

/** Outcomes are not of interest here: a change may be refused, lost or unknown like any command. */
const ignore = (): void => undefined;

/** A drawn group of a node that leads it, as far as it knows. */
function pickLed(cluster: SimulatedCluster, prng: Prng): GroupHandle<unknown> | null {
  const led = cluster.nodes.flatMap(({ host }) =>
    cluster.options.groups.flatMap(({ id }) => {
      const group = host?.group(id);
      return group?.status().role === 'leader' ? [group] : [];
    }),
  );
  return led.length === 0 ? null : prng.pick(led);
}

export const transferLeadership: Nemesis = {
  name: 'leadership-transfer',
  strike(cluster, prng) {
    const group = pickLed(cluster, prng);
    if (group === null) return false;
    const to = prng.chance(0.3) ? null : prng.pick(cluster.nodes).id;
    group.transferLeadership(to, ignore);
    return true;
  },
};

/**
 * The lead is handed over, and whoever gives it away is cut off before it can know what came of it:
 * it may go on believing, while the other leads already (rule 3).
 */
export const handOverCutOff: Nemesis = {
  name: 'hand-over-cut-off',
  strike(cluster, prng) {
    const group = pickLed(cluster, prng);
    if (group === null) return false;
    const { node: from } = group.status();
    const others = cluster.nodes.filter(({ id }) => id !== from);
    if (others.length === 0) return false;
    group.transferLeadership(prng.chance(0.5) ? null : prng.pick(others).id, ignore);
    const isPause = prng.chance(0.2);
    const node = cluster.node(from);
    let isOver = false;
    cluster.scheduler.schedule(prng.pick([0.5, 1, 2, 4]) * prng.float(), () => {
      if (isOver) return;
      if (isPause) cluster.pause(node);
      else for (const { id } of others) cluster.network.partition(from, id, { mode: 'stall' });
    });
    cluster.endLater(prng.between(100, 3000), () => {
      isOver = true;
      if (isPause) cluster.resume(node);
      for (const { id } of others) cluster.network.heal(from, id);
    });
    return true;
  },
};

/** Nodes are demoted, removed, added and promoted: one or several at once, and once or in a row. */
export const membershipChurn: Nemesis = {
  name: 'membership-churn',
  strike(cluster, prng) {
    const group = pickLed(cluster, prng);
    if (group === null || !cluster.mayChangeMembership()) return false;
    const { group: id } = group.status();
    const changes = prng.pick([1, 2, 4]);
    const apartMs = prng.pick([1, 10, 300]);
    for (let change = 0; change < changes; change++) {
      const own = prng.fork();
      cluster.endLater(change * apartMs, () => changeOnce(cluster, own, id));
    }
    return true;
  },
};

function changeOnce(cluster: SimulatedCluster, prng: Prng, id: GroupId): void {
  for (const { host } of cluster.nodes) {
    const group = host?.group(id);
    if (group?.status().role !== 'leader') continue;
    const { configuration } = group.status();
    if (prng.chance(0.3)) {
      changeVoters(cluster, group, configuration, prng);
      continue;
    }
    const steps = Array.from({ length: prng.pick([1, 1, 2, 3]) }, () =>
      drawStep(configuration, prng.pick(cluster.nodes).id, prng),
    );
    const mode = prng.pick(['auto', 'auto', 'simple', 'jointAutoLeave', 'joint'] as const);
    if (mode === 'joint') leaveLater(cluster, id, prng.between(1, 500));
    // Sizes that the new voters cannot have are only refused: most go back to majorities.
    const quorum = prng.chance(0.3) ? {} : { quorum: null };
    group.changeMembership({ steps, ...quorum, mode }, ignore);
  }
}

/** Whoever leads then is asked to end a joint configuration, until there is none. */
function leaveLater(cluster: SimulatedCluster, id: GroupId, delayMs: number): void {
  cluster.endLater(delayMs, () => {
    const leader = cluster.nodes.find(({ host }) => host?.group(id).status().role === 'leader');
    const group = leader?.host?.group(id);
    if (group === undefined) {
      leaveLater(cluster, id, delayMs);
      return;
    }
    const { votersOutgoing } = group.status().configuration;
    const again = (): void => leaveLater(cluster, id, delayMs);
    group.leaveJoint((error) => {
      const isRefused = error !== null && 'code' in error && votersOutgoing.length === 0;
      if (error !== null && !isRefused) again();
    });
  });
}

/** From the voters there are to any others, in one change. */
function changeVoters(
  cluster: SimulatedCluster,
  group: GroupHandle<unknown>,
  { voters }: Configuration,
  prng: Prng,
): void {
  const ids = prng.shuffle(cluster.nodes.map(({ id }) => id));
  const wanted = ids.slice(0, prng.between(1, ids.length));
  const steps = ids.flatMap((id): MembershipChange['steps'] => {
    if (wanted.includes(id)) return voters.includes(id) ? [] : [{ kind: 'addVoter', id }];
    if (!voters.includes(id)) return [];
    return [prng.chance(0.5) ? { kind: 'remove', id } : { kind: 'addLearner', id }];
  });
  group.changeMembership({ steps, quorum: null, mode: 'jointAutoLeave' }, ignore);
}

function drawStep(
  { voters, learners }: Configuration,
  id: NodeId,
  prng: Prng,
): MembershipChange['steps'][number] {
  if (voters.includes(id)) {
    if (voters.length > 1 && prng.chance(0.6)) {
      return prng.chance(0.5) ? { kind: 'addLearner', id } : { kind: 'remove', id };
    }
    return { kind: 'describe', id, priority: prng.below(3) };
  }
  if (learners.includes(id) && prng.chance(0.2)) return { kind: 'remove', id };
  if (prng.chance(0.3)) return { kind: 'addLearner', id, member: { promote: true } };
  return { kind: 'addVoter', id };
}

/** How many commit and how many elect, within what is safe. */
export const quorumChange: Nemesis = {
  name: 'quorum-change',
  strike(cluster, prng) {
    const group = pickLed(cluster, prng);
    if (group === null || !cluster.mayChangeMembership()) return false;
    const { voters } = group.status().configuration;
    group.changeMembership({ steps: [], quorum: drawSizes(voters.length, prng) }, ignore);
    return true;
  },
};

/** `commit + election > n` and `2 * election > n` (rule 5); null for majorities. */
function drawSizes(voters: number, prng: Prng): QuorumSizes | null {
  if (prng.chance(0.3)) return null;
  const election = prng.between(Math.floor(voters / 2) + 1, voters);
  return { election, commit: prng.between(voters - election + 1, voters) };
}

import type { MembershipChange } from '@quorate/raft';
import type { GroupId, NodeId } from '@quorate/schema';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { ClusterPlan, LastPart } from './cluster-plan.ts';

const pauseMs = 50;
const attemptMs = 1000;

type MembersPlan = Pick<ClusterPlan, 'nodes' | 'priorities' | 'lastPart'>;

/**
 * Makes the members what the plan wants them to be, as an operator would: failure domains,
 * priorities, and what the last node is. Asks again until it is done, whatever goes wrong.
 *
 * @param localityOf a node's failure domain, null: none is known
 */
export function describeMembers(
  cluster: SimulatedCluster,
  plan: MembersPlan,
  group: GroupId,
  localityOf: (node: NodeId) => string | null = () => null,
): void {
  const changes = changesOf(plan, localityOf);
  // Fewer voters could make a minority of disks a majority.
  if (plan.lastPart !== 'voter' && !cluster.mayChangeMembership()) return;
  const next = (): void => {
    const [change] = changes;
    if (change === undefined) return;
    const leader = cluster.nodes.find(
      ({ host }) => host?.group(group).status().role === 'leader',
    )?.host;
    let isOver = false;
    const over = (isDone: boolean): void => {
      if (isOver) return;
      isOver = true;
      if (isDone) changes.shift();
      cluster.scheduler.schedule(pauseMs, next);
    };
    if (leader === undefined || leader === null) {
      over(false);
      return;
    }
    leader.group(group).changeMembership(change, (error) => over(error === null));
    cluster.scheduler.schedule(attemptMs, () => over(false));
  };
  next();
}

function changesOf(
  { nodes, priorities, lastPart }: MembersPlan,
  localityOf: (node: NodeId) => string | null,
): MembershipChange[] {
  const ids: readonly NodeId[] = Array.from({ length: nodes }, (_, at) => at + 1);
  const steps = ids.map((id) => {
    const locality = localityOf(id);
    return {
      kind: 'describe' as const,
      id,
      ...(locality === null ? {} : { locality }),
      ...(priorities ? { priority: nodes - id } : {}),
    };
  });
  const isDescribed = priorities || steps.some((step) => 'locality' in step);
  const changes: MembershipChange[] = isDescribed ? [{ steps }] : [];
  changes.push(...lastPartChanges(nodes, lastPart));
  return changes;
}

/** Who is a voter can become a witness only by leaving first. */
function lastPartChanges(id: NodeId, part: LastPart): MembershipChange[] {
  if (part === 'learner') return [{ steps: [{ kind: 'addLearner', id }] }];
  if (part === 'witness') {
    return [
      { steps: [{ kind: 'remove', id }] },
      { steps: [{ kind: 'addVoter', id, member: { witness: true } }] },
    ];
  }
  return [];
}

import type { MembershipChange } from '@quorate/raft';
import type { NodeId } from '@quorate/schema';
import type { SimulatedCluster } from '@quorate/sim';
import type { LastPart, Plan } from '../plan/plan.ts';
import { zoneOf } from './durable-acknowledgements.ts';

const pauseMs = 50;
const attemptMs = 1000;

/**
 * Makes the members what the plan wants them to be, as an operator would: failure domains,
 * priorities, and what the last node is. Asks again until it is done, whatever goes wrong.
 */
export function describeMembers(cluster: SimulatedCluster, plan: Plan, group: number): void {
  const changes = changesOf(plan);
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

function changesOf({ nodes, zones, priorities, lastPart }: Plan): MembershipChange[] {
  const ids: readonly NodeId[] = Array.from({ length: nodes }, (_, at) => at + 1);
  const described = ids.map((id) => ({
    kind: 'describe' as const,
    id,
    ...(zones === 0 ? {} : { locality: zoneOf(id, zones) }),
    ...(priorities ? { priority: nodes - id } : {}),
  }));
  const changes: MembershipChange[] = [];
  if (zones > 0 || priorities) changes.push({ steps: described });
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

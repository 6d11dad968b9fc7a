import { type ShrinkOptions, type Shrunk, shrinkPlan, type Trial } from '@quorate/sim';
import type { Plan } from './plan.ts';

export type { Trial } from '@quorate/sim';

/**
 * Reduces a failing plan as long as it fails in the same way.
 *
 * @param first how `plan` itself failed
 */
export function shrink(
  plan: Plan,
  first: Trial,
  options: Omit<ShrinkOptions<Plan>, 'simpler'>,
): Shrunk<Plan> {
  return shrinkPlan(plan, first, { ...options, simpler });
}

function simpler(plan: Plan): readonly Partial<Plan>[] {
  const changes: Partial<Plan>[] = [];
  if (plan.idleGroups > 0) changes.push({ idleGroups: 0 });
  if (plan.sessionTtlMs > 0) changes.push({ sessionTtlMs: 0 });
  if (plan.zones > 0) changes.push({ zones: 0 });
  if (plan.leaseClients > 0) {
    changes.push({ leaseClients: 0 }, { leaseClients: plan.leaseClients - 1 });
  }
  if (plan.keys > 1) changes.push({ keys: 1 });
  if (plan.valueBytes > 16) changes.push({ valueBytes: 16 });
  return changes;
}

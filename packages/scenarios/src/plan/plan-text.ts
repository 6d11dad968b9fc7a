import { clusterFields, PlanNotation } from '@quorate/sim';
import type { Plan } from './plan.ts';

const notation = new PlanNotation<Plan>({
  seed: clusterFields.seed,
  nodes: clusterFields.nodes,
  idleGroups: { kind: 'whole', low: 0, high: 100 },
  clients: clusterFields.clients,
  keys: { kind: 'whole', low: 1, high: 1_000_000 },
  valueBytes: { kind: 'whole', low: 1, high: 1_000_000 },
  thinkMs: clusterFields.thinkMs,
  diskMs: clusterFields.diskMs,
  quiesceMs: clusterFields.quiesceMs,
  clockDrift: clusterFields.clockDrift,
  leases: clusterFields.leases,
  sessionTtlMs: { kind: 'whole', low: 0, high: 1_000_000, usual: 0 },
  zones: { kind: 'whole', low: 0, high: 9, usual: 0 },
  leaseClients: { kind: 'whole', low: 0, high: 100, usual: 0 },
  priorities: clusterFields.priorities,
  lastPart: clusterFields.lastPart,
  mends: clusterFields.mends,
  faultyMs: clusterFields.faultyMs,
});

/** A plan in one line, all of it. */
export function planText(plan: Plan): string {
  return notation.write(plan);
}

/** @throws Error that names the part that is wrong */
export function parsePlan(text: string): Plan {
  return notation.parse(text);
}

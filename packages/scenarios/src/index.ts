// For users: what the simulator plays.

export type { Canary } from './canaries/canary.ts';
export { canaries } from './canaries/registry.ts';
export type { ScenarioResult } from './kv/kv-scenario.ts';
export { runKvScenario } from './kv/kv-scenario.ts';
export { drawPlan } from './plan/draw-plan.ts';
export type { Plan } from './plan/plan.ts';
export { parsePlan, planText } from './plan/plan-text.ts';
export { shrink, type Trial } from './plan/shrink.ts';

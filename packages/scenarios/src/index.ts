// For users: what the simulator plays.

export type { Canary } from './canaries/canary.ts';
export { canaries } from './canaries/registry.ts';
export type { ScenarioOptions, ScenarioResult } from './kv/kv-scenario.ts';
export { runKvScenario } from './kv/kv-scenario.ts';

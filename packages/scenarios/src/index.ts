// For users: what the simulator plays.
export { canaries } from './canaries/registry.ts';
export type { Canary } from './canaries/canary.ts';
export type { ScenarioOptions, ScenarioResult } from './kv/kv-scenario.ts';
export { runKvScenario } from './kv/kv-scenario.ts';

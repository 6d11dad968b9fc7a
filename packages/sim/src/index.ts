// For users: a cluster in virtual time, and what can be done to it.

export { PowerFailure } from './disk/virtual-blocking.ts';
export { VirtualDisk } from './disk/virtual-disk.ts';
export type { Invariant, Turn } from './invariants/invariant.ts';
export { InvariantViolation } from './invariants/invariant.ts';
export type { Budget } from './linearizability/budget.ts';
export { StepBudget } from './linearizability/budget.ts';
export type { CheckOptions, LinearizedPart, Verdict } from './linearizability/check.ts';
export { checkLinearizability } from './linearizability/check.ts';
export type { DescriptionOptions } from './linearizability/describe-violation.ts';
export { describeViolation } from './linearizability/describe-violation.ts';
export type { Explanation } from './linearizability/explain.ts';
export { explainViolation } from './linearizability/explain.ts';
export type {
  CompletedOperation,
  History,
  OpenOperation,
  Operation,
} from './linearizability/history.ts';
export { HistoryRecorder } from './linearizability/history-recorder.ts';
export type {
  RegisterInput,
  RegisterOutput,
  RegisterValue,
} from './linearizability/models/cas-register.ts';
export { casRegister } from './linearizability/models/cas-register.ts';
export type {
  KeyState,
  KeyValueInput,
  KeyValueOutput,
} from './linearizability/models/key-value.ts';
export { keyValueModel, revisedKeyValueModel } from './linearizability/models/key-value.ts';
export type { Linearization, LinearizedOperation } from './linearizability/search.ts';
export type {
  Label,
  SequentialModel,
  Step,
  SubHistory,
  Traits,
} from './linearizability/sequential-model.ts';
export { mendLostNodes } from './nemesis/mending-nemeses.ts';
export type { Nemesis } from './nemesis/nemesis.ts';
export { nemeses } from './nemesis/registry.ts';
export type { MessageFaults } from './network/faulty-peer-links.ts';
export { faultyPeerLinks } from './network/faulty-peer-links.ts';
export { VirtualNetwork } from './network/virtual-network.ts';
export { Scheduler } from './scheduler.ts';
export { SimulatedCluster } from './simulated-cluster.ts';
export type { SimulatedClusterOptions, SimulatedGroup, SimulatedNode } from './simulated-node.ts';
export { traceJson, traceText } from './trace/notation.ts';
export type { TraceEvent } from './trace/trace-event.ts';
export { checkUnderFaults, type WorkbenchReport } from './workbench/check-under-faults.ts';
export type { WorkbenchMachine } from './workbench/machine-types.ts';
export type { Done, Outcome, WorkbenchNode, WorkbenchService } from './workbench/service.ts';
export { SimError, type SimErrorCode, type SimErrorMetadata } from './workbench/sim-error.ts';
export type { Specification, WorkInput, WorkOutput } from './workbench/specification.ts';
export type { WorkbenchOptions } from './workbench/workbench-options.ts';
export type { RunFailure, WorkbenchRun } from './workbench/workbench-run.ts';

// For library authors: scenarios of their own, from plans that are drawn, played and shrunk.

export type {
  ClusterPlan,
  LastPart,
  PlannedTuning,
  Strike,
  TunedField,
} from './plan/cluster-plan.ts';
export { usualTuning } from './plan/cluster-plan.ts';
export { describeMembers } from './plan/describe-members.ts';
export { drawStrikes, drawTuning } from './plan/draw-faults.ts';
export { clusterFields, type PlanFields, PlanNotation } from './plan/plan-notation.ts';
export { type PlayedStrikes, playStrikes } from './plan/play-strikes.ts';
export {
  catchUpBoundMs,
  handOverBoundMs,
  isMember,
  runUntilHolds,
  serviceBoundMs,
  staysQuiet,
  whatIsBehind,
} from './plan/recovery.ts';
export { type ShrinkOptions, type Shrunk, shrinkPlan, type Trial } from './plan/shrink-plan.ts';

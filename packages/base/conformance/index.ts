// What the conformance suites of the other packages are made of: cases, their report, waiting.
export {
  type ConformanceCase,
  ConformanceFailure,
  type ConformanceReport,
  type ContractRule,
  demand,
  runCases,
} from './conformance-case.ts';
export { type Pace, quiet, waitFor } from './pace.ts';

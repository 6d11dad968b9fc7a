// For whoever writes a log store of their own: what it has to keep, as cases that run anywhere.
export type { ConformanceCase, ConformanceReport, Pace } from '@quorate/base/conformance';
export { ConformanceFailure } from '@quorate/base/conformance';
export type { LogStorePlace } from './log-store-place.ts';
export type { LogStoreSuiteOptions } from './log-store-suite.ts';
export { checkLogStore, logStoreCases } from './log-store-suite.ts';

import { drawOperation } from './draw.ts';
import { firstDifference } from './first-difference.ts';
import type { KnownDifference } from './known/known-difference.ts';
import { knownDifference } from './known.ts';
import { createState, type Outcome, type State, type Step, type Wire } from './operation.ts';
import { areEqual, type Both } from './pair.ts';
import type { SparePair } from './spare-pair.ts';

export interface EpochOptions {
  readonly pairs: SparePair;
  readonly seed: number;
  readonly wires: readonly Wire[];
}

/** Two answers that should have been the same. */
export interface Difference {
  readonly index: number;
  readonly step: Step;
  readonly both: Both;
  /** The same for differences that probably have the same cause. */
  readonly title: string;
  /** A canary has changed what this step has heard. */
  readonly isPlanted: boolean;
}

export interface EpochReport {
  /** Operations that were carried out. */
  readonly operations: number;
  readonly steps: number;
  readonly difference: Difference | null;
  readonly crash: Crash | null;
  /** Why the servers may not have the same data any more. */
  readonly parted: KnownDifference | null;
}

/** Etcd ended itself: what was asked last, its last words, and what ours said. */
export interface Crash {
  readonly step: Step;
  readonly words: string;
  readonly ours: Outcome;
}

/**
 * Carries out the operations with these numbers on two fresh servers, until an answer differs or
 * the servers have parted for a reason that is known.
 */
export async function runEpoch(
  options: EpochOptions,
  indices: Iterable<number>,
  known: (difference: KnownDifference, step: Step, both: Both) => void,
  begun: (index: number, step: Step) => void = () => undefined,
): Promise<EpochReport> {
  const pair = await options.pairs.take();
  const state = createState();
  const report = { operations: 0, steps: 0, difference: null, crash: null, parted: null };
  try {
    for (const index of indices) {
      report.operations += 1;
      if (state.isAuthOn) state.authAge += 1;
      for (const step of drawOperation(options.seed, index, state, options.wires)) {
        report.steps += 1;
        begun(index, step);
        // What a watch hears, it hears some time before it is looked at.
        const plants = step.kind === 'settle' ? 0 : pair.plants;
        const both = await pair.perform(step);
        const words = await pair.etcdsEnd(both);
        if (words !== null) return { ...report, crash: { step, words, ours: both[1] } };
        observe(state, step, both);
        if (areEqual(both)) continue;
        const reason = knownDifference(step, both);
        if (reason === null) {
          const isPlanted = pair.plants > plants;
          const difference = { index, step, both, title: titleOf(step, both), isPlanted };
          return { ...report, difference };
        }
        known(reason, step, both);
        if (reason.parts(both, step)) return { ...report, parted: reason };
      }
    }
    return report;
  } finally {
    await pair.close();
  }
}

function titleOf(step: Step, [etcd, ours]: Both): string {
  const place = firstDifference(etcd, ours)?.path.replaceAll(/\d+/g, '#') ?? '';
  const where = step.kind === 'grpc' ? step.rpc.path : step.kind === 'http' ? step.path : step.kind;
  return `${where} ${etcd.status} ${etcd.message} / ${ours.status} ${ours.message} ${place}`;
}

/** What etcd has answered tells what its state is now. */
function observe(state: State, step: Step, [{ status, body }]: Both): void {
  const [path, json] = answerOf(step, body);
  const revision = Number((json?.['header'] as Fields | undefined)?.['revision'] ?? 0);
  if (revision > state.head) state.head = revision;
  if (status !== 0 && status !== 200) return;
  if (/authenable|auth\/enable/i.test(path)) {
    state.isAuthOn = true;
    state.authAge = 0;
  }
  if (/authdisable|auth\/disable/i.test(path)) state.isAuthOn = false;
  if (/compact/i.test(path)) state.compacted = Math.max(state.compacted, state.head - 30);
}

type Fields = Record<string, unknown>;

function answerOf(step: Step, body: unknown): [path: string, json: Fields | undefined] {
  if (step.kind === 'grpc') return [step.rpc.path, body as Fields];
  if (step.kind === 'http') return [step.path, (body as Fields)['json'] as Fields | undefined];
  return ['', undefined];
}

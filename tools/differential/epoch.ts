import { drawOperation } from './draw.ts';
import { firstDifference } from './first-difference.ts';
import { type KnownDifference, knownDifference } from './known.ts';
import { createState, type State, type Step, type Wire } from './operation.ts';
import { areEqual, type Both, Pair, type PairOptions } from './pair.ts';

export interface EpochOptions extends PairOptions {
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
}

export interface EpochReport {
  /** Operations that were carried out. */
  readonly operations: number;
  readonly steps: number;
  readonly difference: Difference | null;
  /** Etcd ended itself: what was asked last, and its last words. */
  readonly crash: { readonly step: Step; readonly words: string } | null;
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
  const pair = await Pair.start(options);
  const state = createState();
  let operations = 0;
  let steps = 0;
  try {
    for (const index of indices) {
      operations += 1;
      if (state.isAuthOn) state.authAge += 1;
      for (const step of drawOperation(options.seed, index, state, options.wires)) {
        steps += 1;
        begun(index, step);
        const both = await pair.perform(step);
        const words = pair.etcdsEnd;
        const crash = words === null ? null : { step, words };
        if (crash !== null) return { operations, steps, difference: null, crash };
        observe(state, step, both);
        if (areEqual(both)) continue;
        const reason = knownDifference(step, both);
        if (reason !== null) known(reason, step, both);
        if (reason?.parts(both) === false) continue;
        const title = titleOf(step, both);
        const difference = reason === null ? { index, step, both, title } : null;
        return { operations, steps, difference, crash: null };
      }
    }
    return { operations, steps, difference: null, crash: null };
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

import {
  checkLinearizability,
  describeViolation,
  explainViolation,
  type KeyValueInput,
  type KeyValueOutput,
  type Operation,
  revisedKeyValueModel,
  StepBudget,
} from '@quorate/sim';
import type { Call } from '../history/calls.ts';
import { type Json, listOf, plain, versionFromJson } from '../history/history-event.ts';
import type { Violations } from './violation.ts';

/** A search that needs more is given up, and said so. */
const maxSteps = 1_000_000;

export interface LinearizabilityReport {
  readonly keys: number;
  readonly operations: number;
  /** Keys whose search was given up. */
  readonly undecided: readonly string[];
}

/**
 * Asks for each register whether its operations could have happened one after another. It trusts
 * nothing of what the store says of its own order but that a key's revisions rise.
 */
export function checkRegisters(
  calls: readonly Call[],
  violations: Violations,
): LinearizabilityReport {
  const byKey = new Map<string, Operation<KeyValueInput, KeyValueOutput>[]>();
  let operations = 0;
  for (const call of calls) {
    const operation = operationOf(call);
    if (operation === null) continue;
    operations += 1;
    const { key } = operation.input;
    const part = byKey.get(key);
    if (part === undefined) byKey.set(key, [operation]);
    else part.push(operation);
  }
  const undecided: string[] = [];
  for (const [key, history] of byKey) {
    const budget = new StepBudget(maxSteps);
    const verdict = checkLinearizability(revisedKeyValueModel, history, { budget });
    if (verdict.kind === 'unknown') undecided.push(key);
    if (verdict.kind !== 'violation') continue;
    const explanation = explainViolation(revisedKeyValueModel, verdict.part.history);
    violations.add('linearizability', describeViolation(revisedKeyValueModel, explanation));
  }
  return { keys: byKey.size, operations, undecided };
}

/** Null for what is no operation on a register, or certainly did not happen. */
function operationOf(call: Call): Operation<KeyValueInput, KeyValueOutput> | null {
  const input = inputOf(call);
  if (input === null) return null;
  const { process: client, callIndex: callAt, returnIndex: returnAt } = call;
  if (call.outcome === 'info') {
    return input.kind === 'get' ? null : { kind: 'open', client, input, callAt };
  }
  const output = outputOf(call, input);
  return output === null ? null : { kind: 'completed', client, input, output, callAt, returnAt };
}

function inputOf({ f, key, input }: Call): KeyValueInput | null {
  if (key === null) return null;
  if (f === 'read') return { kind: 'get', key };
  if (f === 'write') return { kind: 'put', key, value: plain(input) };
  if (f !== 'cas') return null;
  const [from, to] = listOf(input);
  return { kind: 'cas', key, expected: text(from), value: plain(to) };
}

function outputOf(call: Call, { kind }: KeyValueInput): KeyValueOutput | null {
  const { outcome, output, error, revision, detail } = call;
  if (kind === 'cas') {
    if (outcome === 'ok') return { kind, succeeded: true, revision };
    return error === 'compare' ? { kind, succeeded: false } : null;
  }
  if (outcome !== 'ok') return null;
  if (kind === 'put') return { kind, revision };
  if (kind !== 'get') return null;
  if (detail === undefined) return { kind, value: text(output) };
  return { kind, value: text(output), revision: versionFromJson(detail).modRevision };
}

function text(value: Json | undefined): string | null {
  return value === null || value === undefined ? null : plain(value);
}

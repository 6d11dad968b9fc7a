import type { Prng } from '@quorate/base';
import type { Tripwires } from '@quorate/runtime';
import { isSimpleStateMachine } from '@quorate/runtime';
import { globalTripwires } from '@quorate/runtime/conformance';
import type { WorkbenchMachine } from './machine-types.ts';
import type { WorkbenchNode, WorkbenchService } from './service.ts';
import { textOf } from './shown.ts';
import { optionInvalid } from './sim-error.ts';
import { modelOf, type WorkModel } from './specification.ts';
import type { WorkbenchOptions } from './workbench-options.ts';

/** What is under check; of which types its commands are only its owner knows. */
export interface Subject {
  readonly create: () => WorkbenchMachine;
  readonly commands: (prng: Prng) => unknown;
  readonly queries: ((prng: Prng) => unknown) | null;
  readonly model: WorkModel | null;
  readonly invariant: ((machine: unknown) => string | null) | null;
  readonly service: ((node: WorkbenchNode<AnyMachine>) => WorkbenchService<AnyMachine>) | null;
  readonly snapshotBytes: 'equal' | 'mayDiffer';
  readonly tripwires: Tripwires;
}

/** One whose commands, results, queries and answers may be anything. */
export interface AnyMachine {
  apply(command: unknown): unknown;
  query(query: unknown): unknown;
}

/** @throws SimError SIM_OPTIONS_INVALID */
export function subjectOf<Machine extends WorkbenchMachine, State>(
  options: WorkbenchOptions<Machine, State>,
): Subject {
  const { create, commands, queries, model, invariant, service, allowedGlobals } = options;
  for (const [field, value] of Object.entries({ create, commands })) {
    if (typeof value === 'function') continue;
    throw optionInvalid(field, 'is no function', 'give one, as the example in the guide does');
  }
  const [machine, another] = [create(), create()];
  checkMachine(machine, queries !== undefined, service !== undefined);
  if (machine === another) {
    throw optionInvalid('create', 'gave the same object twice', 'make a new one each time');
  }
  // From here on each part is only used with the others, which were given together.
  return {
    create,
    commands,
    queries: queries ?? null,
    model: model === undefined ? null : erased(model),
    invariant: (invariant as Subject['invariant'] | undefined) ?? null,
    service: (service as Subject['service'] | undefined) ?? null,
    snapshotBytes: options.snapshotBytes ?? 'equal',
    tripwires: globalTripwires(allowedGlobals === undefined ? {} : { allowed: allowedGlobals }),
  };
}

function erased(model: object): WorkModel {
  return 'step' in model ? (model as WorkModel) : modelOf(model as Parameters<typeof modelOf>[0]);
}

function checkMachine(machine: unknown, isAsked: boolean, hasService: boolean): void {
  if (typeof machine !== 'object' || machine === null) {
    const fix = 'return the state machine itself, not a class or a promise of it';
    throw optionInvalid('create', `gave ${textOf(machine)}`, fix);
  }
  const { apply, snapshot, restore, query } = machine as Readonly<Record<string, unknown>>;
  const isFull = [apply, snapshot, restore].every((method) => typeof method === 'function');
  if (!isFull && !isSimpleStateMachine(machine)) {
    const fix = 'give apply, toJSON and fromJSON (or apply, snapshot and restore)';
    throw optionInvalid('create', 'gave what is no state machine', fix);
  }
  if (!isAsked || hasService || typeof query === 'function') return;
  const fix = 'give the state machine a method query, or leave queries out';
  throw optionInvalid('queries', 'asks a state machine that has no method query', fix);
}

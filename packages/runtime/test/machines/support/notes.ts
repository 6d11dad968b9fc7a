import assert from 'node:assert/strict';
import { MachineError } from '../../../src/machines/machine-error.ts';
import type { SimpleStateMachine } from '../../../src/machines/simple-state-machine.ts';

/** Keeps every command, answers with what it is told to. */
export class Notes implements SimpleStateMachine<unknown, unknown, unknown, unknown> {
  notes: unknown[] = [];
  answer: (command: unknown) => unknown = (command) => command;

  apply(command: unknown): unknown {
    this.notes.push(command);
    return this.answer(command);
  }

  query(query: unknown): unknown {
    return this.answer(query);
  }

  toJSON(): unknown {
    return this.notes;
  }

  fromJSON(state: unknown): void {
    this.notes = state as unknown[];
  }
}

/** What is no plain object. */
export class Account {
  readonly name = 'anna';
}

/** @returns what `call` throws */
export function errorOf(call: () => unknown): MachineError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof MachineError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

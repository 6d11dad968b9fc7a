import type { History } from '../../src/linearizability/history.ts';
import { HistoryRecorder } from '../../src/linearizability/history-recorder.ts';
import type {
  RegisterInput,
  RegisterOutput,
  RegisterValue,
} from '../../src/linearizability/models/cas-register.ts';

type RegisterRecorder = HistoryRecorder<RegisterInput, RegisterOutput>;

export const read: RegisterInput = { kind: 'read' };
export const sees = (value: RegisterValue): RegisterOutput => ({ kind: 'read', value });
export const write = (value: RegisterValue): RegisterInput => ({ kind: 'write', value });
export const written: RegisterOutput = { kind: 'write' };
export const cas = (expected: RegisterValue, value: RegisterValue): RegisterInput => {
  return { kind: 'cas', expected, value };
};
export const swapped = (succeeded: boolean): RegisterOutput => ({ kind: 'cas', succeeded });

/** A history of a register, told to a recorder. */
export function record(
  tell: (recorder: RegisterRecorder) => void,
): History<RegisterInput, RegisterOutput> {
  const recorder: RegisterRecorder = new HistoryRecorder();
  tell(recorder);
  return recorder.history();
}

/** Operations one after another, each done before the next is called. */
export function sequence(
  ...steps: readonly (readonly [RegisterInput, RegisterOutput])[]
): History<RegisterInput, RegisterOutput> {
  return record((recorder) => {
    for (const [input, output] of steps) recorder.ok(recorder.invoke(0, input), output);
  });
}

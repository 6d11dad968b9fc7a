import { assert, present } from '@quorate/base';
import type { History, Operation } from './history.ts';

interface Invocation<Input, Output> {
  readonly client: number;
  readonly input: Input;
  readonly callAt: number;
  /** undefined: no answer yet, or none ever. */
  answer: { readonly output: Output; readonly returnAt: number } | 'failed' | undefined;
  closed: boolean;
}

/**
 * Writes down what clients do while they do it. The order of the calls of this recorder is the real
 * time of the history: call `invoke` before the request can take effect anywhere, and `ok` once the
 * client has its answer.
 *
 * A client need not wait for an operation that it gave up: close that as `unknown` and go on.
 */
export class HistoryRecorder<Input, Output> {
  readonly #invocations: Invocation<Input, Output>[] = [];
  #position = 0;

  /** @returns the operation's id, for exactly one later call of `ok`, `fail` or `unknown` */
  invoke(client: number, input: Input): number {
    const callAt = this.#position++;
    this.#invocations.push({ client, input, callAt, answer: undefined, closed: false });
    return this.#invocations.length - 1;
  }

  /** The operation answered. That a comparison did not hold is an answer too. */
  ok(id: number, output: Output): void {
    this.#close(id).answer = { output, returnAt: this.#position++ };
  }

  /** The operation certainly did not happen and never will. */
  fail(id: number): void {
    this.#close(id).answer = 'failed';
  }

  /** The operation may have happened, may happen yet, or never. As if it were not closed at all. */
  unknown(id: number): void {
    this.#close(id);
  }

  /** Operations so far, without those that failed; those under way are open. */
  history(): History<Input, Output> {
    const operations: Operation<Input, Output>[] = [];
    for (const { client, input, callAt, answer } of this.#invocations) {
      if (answer === undefined) operations.push({ kind: 'open', client, input, callAt });
      else if (answer !== 'failed') {
        operations.push({ kind: 'completed', client, input, callAt, ...answer });
      }
    }
    return operations;
  }

  #close(id: number): Invocation<Input, Output> {
    const invocation = present(this.#invocations[id], 'only what was invoked is closed');
    assert(!invocation.closed, 'an operation is closed once');
    invocation.closed = true;
    return invocation;
  }
}

import type { Completion, ResultCompletion } from '@quorate/base';
import { present } from '@quorate/base';

/** A submitted operation as a promise, for tests. */
export function completion(submit: (done: Completion) => void): Promise<void> {
  return new Promise((fulfil, reject) => {
    submit((error) => (error === null ? fulfil() : reject(error)));
  });
}

export function result<T>(submit: (done: ResultCompletion<T>) => void): Promise<T> {
  return new Promise((fulfil, reject) => {
    submit((error, value) => {
      if (error === null) fulfil(present(value, 'an operation without error has a result'));
      else reject(error);
    });
  });
}

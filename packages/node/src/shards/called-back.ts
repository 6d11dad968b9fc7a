/** A request with a callback, as a promise. */
export function calledBack<Value>(
  begin: (done: (error: Error | null, value: Value) => void) => void,
): Promise<Value> {
  return new Promise((fulfil, reject) => {
    begin((error, value) => {
      if (error === null) fulfil(value);
      else reject(error);
    });
  });
}

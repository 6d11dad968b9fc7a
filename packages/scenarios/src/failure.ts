/** What names a failure: runs that fail with the same name fail in the same way. */
export function failureName(error: Error): string {
  if ('invariant' in error && typeof error.invariant === 'string') return error.invariant;
  const [line = ''] = error.message.split('\n');
  return `${error.name}: ${line.replaceAll(/\d+/g, '#').slice(0, 80)}`;
}

/** A violation says it all; of any other error one wants to know where it comes from. */
export function failureText(error: Error): string {
  return error.name === 'InvariantViolation' ? error.message : (error.stack ?? error.message);
}

/** A value that cannot be understood; the message says what it is and what to write instead. */
export class ValueProblem extends Error {
  override readonly name = 'ValueProblem';
}

/** @returns what a message shows of a value: quoted, and not all of a long one */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

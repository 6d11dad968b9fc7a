import { behaviourOf, generalise } from './behaviour.ts';

/** An input that did what no input may do. */
export interface Finding {
  /** The same for inputs that show the same defect. */
  readonly title: string;
  /** For a person: the stack, or the figures. */
  readonly detail: string;
  readonly input: Uint8Array;
}

/** @returns a name for the defect behind an error that no decoder may throw */
export function titleOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${generalise(String(error))}`;
  const place = placeOf(error);
  // An oracle's complaint says it all; of anything else the class is half the story.
  const name = error.name === 'AssertionError' ? '' : `${error.name}: `;
  return `${name}${behaviourOf(error)}${place === null ? '' : ` in ${place}`}`;
}

/** The innermost function of ours, without its line, which changes with every edit. */
function placeOf(error: Error): string | null {
  for (const line of (error.stack ?? '').split('\n')) {
    const match = /at (?:new |async )?([\w.#<>]+) \(.*?\/((?:packages|tools)\/[^:)]+)/.exec(line);
    if (match !== null && !match[2]?.includes('node_modules')) return `${match[1]} (${match[2]})`;
  }
  return null;
}

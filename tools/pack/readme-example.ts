/** The example of a package's README: a program, and what the page says it prints. */
export interface ReadmeExample {
  readonly program: string;
  readonly output: string;
}

const EXAMPLE = /```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/;

/** @returns the first block of TypeScript that is followed by its output; null when none is */
export function readmeExample(text: string): ReadmeExample | null {
  const [, program, output] = EXAMPLE.exec(text) ?? [];
  return program === undefined || output === undefined ? null : { program, output };
}

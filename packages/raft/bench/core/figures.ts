/** Of the rounds of one contender: entries a second. */
export interface Figures {
  readonly median: number;
  readonly slowest: number;
  readonly fastest: number;
}

export function figuresOf(rounds: readonly number[]): Figures {
  const sorted = rounds.toSorted((a, b) => a - b);
  const at = (position: number): number => sorted[position] ?? 0;
  const middle = (sorted.length - 1) / 2;
  const median = Math.round((at(Math.floor(middle)) + at(Math.ceil(middle))) / 2);
  return { median, slowest: at(0), fastest: at(sorted.length - 1) };
}

export function describeFigures({ median, slowest, fastest }: Figures): string {
  const words = median.toLocaleString('en-US').padStart(9);
  const range = `${slowest.toLocaleString('en-US')}..${fastest.toLocaleString('en-US')}`;
  return `${words} entries/s (${range})`;
}

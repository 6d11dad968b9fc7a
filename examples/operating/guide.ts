/** A block of commands of the guide, and what it says that they print. */
export interface Step {
  readonly heading: string;
  readonly commands: string;
  /** null: the guide shows nothing. */
  readonly printed: string | null;
}

const blockPattern = /^```(\S+)( run)?\n([\s\S]*?)^```$|^#+ (.*)$/gm;

/** The blocks that are marked `sh run`, in order, each with the `text` that follows it. */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  let heading = '';
  let endOfCommands = -1;
  for (const found of page.matchAll(blockPattern)) {
    const [whole, language, mark, text = '', title] = found;
    if (title !== undefined) heading = title;
    else if (language === 'sh' && mark !== undefined) {
      steps.push({ heading, commands: text, printed: null });
      endOfCommands = found.index + whole.length;
    } else if (language === 'text' && page.slice(endOfCommands, found.index).trim() === '') {
      const last = steps.pop();
      if (last !== undefined) steps.push({ ...last, printed: text });
    }
  }
  return steps;
}

/** The guide's ports are the usual ones: 2379 to 2381, and likewise from 2479 and 2579 on. */
export function withPorts(text: string, first: number): string {
  return text.replaceAll(/\b2([2-5])(79|80|81)\b/g, (_, hundreds: string, rest: string) =>
    String(first + 100 * (Number(hundreds) - 3) + Number(rest) - 79),
  );
}

/**
 * What stays the same from one run to the next, in an order of its own: ids, times, sizes and who
 * leads are of the day.
 */
export function comparable(text: string): string[] {
  const lines = text.split('\n').map((line) =>
    line
      .replaceAll(/\b(?=[0-9a-z]*\d)[0-9a-f]{5,64}\b/g, '#')
      .replaceAll(/\d+(\.\d+)?/g, '#')
      .replaceAll(/# [kM]?B\b/g, '# B')
      .replaceAll(/\b(no leader|leader|follower)\b/g, 'role')
      .replaceAll(/n#=\S+/g, 'members')
      .replaceAll(/[─┬┴┼]+/g, '─')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return lines.filter((line) => line !== '').toSorted();
}

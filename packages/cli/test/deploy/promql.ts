const keywords = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'and',
  'or',
  'unless',
  'bool',
  'offset',
]);

/** What an expression uses. */
export interface Used {
  readonly metrics: ReadonlyMap<string, ReadonlySet<string>>;
  readonly labels: ReadonlySet<string>;
}

/** Metrics with the labels that are matched, and labels of groupings, of a PromQL expression. */
export function usedIn(expression: string): Used {
  const labels = new Set<string>();
  const metrics = new Map<string, Set<string>>();
  const add = (name: string, label?: string): void => {
    const known = metrics.get(name) ?? new Set();
    metrics.set(name, known);
    if (label !== undefined) known.add(label);
  };
  let rest = expression.replaceAll(
    /\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g,
    (_all, _word, names: string) => {
      for (const name of names.split(',')) if (name.trim() !== '') labels.add(name.trim());
      return ' ';
    },
  );
  rest = rest.replaceAll(
    /([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g,
    (_all, name: string, matchers: string) => {
      add(name);
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g))
        add(name, label);
      return ' ';
    },
  );
  rest = rest.replaceAll(/"[^"]*"/g, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  for (const match of rest.matchAll(/[a-zA-Z_:][\w:]*/g)) {
    const [name] = match;
    const isCalled = /^\s*\(/.test(rest.slice((match.index ?? 0) + name.length));
    const isNumber = /[\d.]$/.test(rest.slice(0, match.index));
    if (!isCalled && !isNumber && !keywords.has(name)) add(name);
  }
  return { metrics, labels };
}

type Fields = Record<string, unknown>;

export interface Place {
  /** Names and numbers from the outside in. */
  readonly path: string;
  readonly first: unknown;
  readonly second: unknown;
}

/** @returns the first place where two JSON values differ, or null when they do not */
export function firstDifference(first: unknown, second: unknown, path = ''): Place | null {
  if (!isObject(first) || !isObject(second) || Array.isArray(first) !== Array.isArray(second)) {
    return Object.is(first, second) ? null : { path, first, second };
  }
  for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
    const place = firstDifference(
      first[name],
      second[name],
      path === '' ? name : `${path}.${name}`,
    );
    if (place !== null) return place;
  }
  return null;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

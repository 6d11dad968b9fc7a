/** How often two servers may be started for it. */
const mostAttempts = 24;

/**
 * Looks for few operations that still show a difference: first the last so many, then without each
 * half, quarter and so on of those.
 *
 * @param shows carries out the operations with these numbers
 * @param mayGoOn asked before each attempt
 */
export async function shrinkOperations(
  indices: readonly number[],
  shows: (indices: readonly number[]) => Promise<boolean>,
  mayGoOn: () => boolean,
): Promise<readonly number[]> {
  let best = indices;
  let attempts = 0;
  const attempt = async (candidate: readonly number[]): Promise<boolean> => {
    if (candidate.length === best.length || attempts === mostAttempts || !mayGoOn()) return false;
    attempts += 1;
    if (!(await shows(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let length = 1; length < best.length; length *= 4) {
    if (await attempt(best.slice(-length))) break;
  }
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    // The last operation is the one that differs.
    for (let start = best.length - 1 - size; start >= 0; start -= size) {
      await attempt(best.toSpliced(start, size));
    }
  }
  return best;
}

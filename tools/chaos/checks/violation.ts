/** What a check has found wrong. */
export interface Violation {
  /** The promise that was not kept. */
  readonly check: string;
  readonly message: string;
}

/** So many of each check are kept: the first are those that tell something. */
const keptOfEach = 5;

/** Gathers what is wrong; a history may go wrong in many places for one reason. */
export class Violations {
  readonly kept: Violation[] = [];
  readonly #counts = new Map<string, number>();

  add(check: string, message: string): void {
    const count = (this.#counts.get(check) ?? 0) + 1;
    this.#counts.set(check, count);
    if (count <= keptOfEach) this.kept.push({ check, message });
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}

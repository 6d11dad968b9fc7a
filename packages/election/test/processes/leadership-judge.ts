import { createFence } from '../../src/index.ts';
import type { Told } from './told.ts';

/** What is known of one leadership. Nanoseconds of the clock that all processes share. */
interface Judged {
  readonly id: number;
  /** It was valid no later than this for the first time, and no earlier than this for the last. */
  firstAtNs: bigint;
  lastFromNs: bigint;
  /** Its newest word on how long nobody else will lead. */
  leaseUntilNs: bigint;
  /** It was given up before its time: then others need not wait. */
  isGivenUp: boolean;
}

/**
 * Watches all that candidates tell. Of each look only what is certain counts, so a process that is
 * slow, or stopped in the middle of a look, is never accused.
 */
export class LeadershipJudge {
  readonly #byToken = new Map<bigint, Judged>();
  /** To whom a token was given, and which one a candidate was given last. */
  readonly #electedOf = new Map<bigint, number>();
  readonly #newestOf = new Map<number, bigint>();
  readonly #fence = createFence();
  acts = 0;
  /** Acts that came after one under a newer token had come: what fences are for. */
  refusedActs = 0;
  /** Leaderships handed over although nobody here had asked for it. */
  unaskedHandOvers = 0;
  readonly #problems: string[] = [];

  get tokens(): number {
    return this.#electedOf.size;
  }

  get newestToken(): bigint {
    return this.#fence.newest;
  }

  heard(told: Told): void {
    switch (told.what) {
      case 'acts':
        this.#valid(told);
        this.#act(told);
        break;
      case 'acts late':
        this.#act(told);
        break;
      case 'elected':
        this.#elected(told);
        break;
      case 'lost':
        if (told.reason === 'transferred' && !this.#byToken.get(told.token)?.isGivenUp) {
          this.unaskedHandOvers += 1;
        }
        if (['transferred', 'resigned', 'closed'].includes(told.reason)) this.#gaveUp(told);
        break;
      case 'gives up':
        this.#gaveUp(told);
        break;
      case 'still leads':
        this.#problems.push(`${told.id} still led under ${told.token} after it had stood still`);
        break;
      default:
        break;
    }
  }

  /** @returns what is wrong with all that was told, in words */
  problems(): readonly string[] {
    const problems = [...this.#problems];
    for (const [token, one] of this.#byToken) {
      for (const [newer, other] of this.#byToken) {
        if (newer <= token) continue;
        const overlapNs = one.lastFromNs - other.firstAtNs;
        // It may lead again itself, as soon as it has lost.
        const mayBegin = one.isGivenUp || one.id === other.id;
        const earlyNs = mayBegin ? 0n : one.leaseUntilNs - other.firstAtNs;
        if (overlapNs > 0n) {
          const forUs = overlapNs / 1000n;
          problems.push(`${one.id} led under ${token} for ${forUs} us after ${newer} had begun`);
        } else if (earlyNs > 0n) {
          const beforeUs = earlyNs / 1000n;
          problems.push(`${newer} began ${beforeUs} us before the lease of ${token} had ended`);
        }
      }
    }
    return problems;
  }

  #elected({ id, token }: Told): void {
    const other = this.#electedOf.get(token);
    if (other !== undefined) this.#problems.push(`${other} and ${id} were both given ${token}`);
    this.#electedOf.set(token, id);
    const before = this.#newestOf.get(id) ?? 0n;
    if (token < before) this.#problems.push(`${id} was given ${token} after ${before}`);
    this.#newestOf.set(id, token);
  }

  #valid({ id, token, fromNs, atNs, leaseUntilNs }: Told): void {
    const judged = this.#byToken.get(token);
    if (judged === undefined) {
      const known = { id, firstAtNs: atNs, lastFromNs: fromNs, leaseUntilNs, isGivenUp: false };
      this.#byToken.set(token, known);
      return;
    }
    if (judged.id !== id) this.#problems.push(`${id} and ${judged.id} both led under ${token}`);
    if (atNs < judged.firstAtNs) judged.firstAtNs = atNs;
    if (fromNs > judged.lastFromNs) judged.lastFromNs = fromNs;
    if (leaseUntilNs > judged.leaseUntilNs) judged.leaseUntilNs = leaseUntilNs;
  }

  #gaveUp({ token }: Told): void {
    const judged = this.#byToken.get(token);
    if (judged !== undefined) judged.isGivenUp = true;
  }

  #act({ token }: Told): void {
    this.acts += 1;
    try {
      this.#fence.pass(token);
    } catch {
      this.refusedActs += 1;
    }
  }
}

import { assert } from '@quorate/base';
import { filterWords } from './id-filter.ts';
import { IdRun } from './id-run.ts';
import type { IdSegment } from './id-segment.ts';
import { lazyWords } from './lazy-words.ts';
import type { RunFiles } from './run-files.ts';
import type { SeenIds } from './seen-ids.ts';
import { SegmentWriter } from './segment-writer.ts';

/** Writes a run of as many ids as were announced. */
export class RunWriter {
  readonly #files: RunFiles;
  readonly #seed: number;
  readonly #segmentIds: number;
  readonly #seen: SeenIds | null;
  readonly #segments: IdSegment[] = [];
  readonly #filter: Int32Array;
  #filterEnd = 0;
  #segment: SegmentWriter | null = null;
  /** Ids that are in no segment that was begun. */
  #remaining: number;

  /**
   * @param count at least 1
   * @param seen gets all ids; null: it has them
   */
  constructor(
    files: RunFiles,
    count: number,
    seed: number,
    segmentIds: number,
    seen: SeenIds | null,
  ) {
    this.#seen = seen;
    this.#files = files;
    this.#remaining = count;
    this.#seed = seed;
    this.#segmentIds = segmentIds;
    const whole = Math.floor(count / segmentIds);
    const words = whole * filterWords(segmentIds) + filterWords(count - whole * segmentIds);
    this.#filter = lazyWords(words);
  }

  /** What is written so far. */
  get segments(): readonly IdSegment[] {
    return this.#segments;
  }

  /**
   * Ids come in ascending order.
   *
   * @param words of the entry, from `at` on: as in a segment
   */
  add(words: Int32Array, at: number): void {
    let segment = this.#segment;
    if (segment === null) {
      const count = Math.min(this.#remaining, this.#segmentIds);
      assert(count > 0, 'a run has no more ids than were announced');
      this.#remaining -= count;
      segment = new SegmentWriter(count, this.#filter, this.#filterEnd, this.#seed);
      this.#filterEnd += filterWords(count);
      this.#segment = segment;
    }
    const hash = segment.add(words, at);
    this.#seen?.add(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
      hash,
    );
    if (!segment.isFull) return;
    const { parts } = this.#files;
    const written = segment.finish(
      (bytes) => parts.checksum(bytes),
      (bytes) => this.#files.add(this, bytes),
    );
    this.#segments.push(written);
    this.#segment = null;
  }

  finish(): IdRun {
    assert(this.#segment === null && this.#remaining === 0, 'a run has all its ids');
    return new IdRun(this.#segments, this.#filter, this.#seed, true);
  }
}

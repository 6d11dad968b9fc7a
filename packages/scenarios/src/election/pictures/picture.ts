import type { Gap } from '../gap-table.ts';
import type { Reign } from '../leadership-checker.ts';
import type { PictureSetting } from './picture-setting.ts';
import type { PictureStage } from './picture-stage.ts';

/** One situation, as a script: nothing of it is drawn but delays on the way. */
export interface Picture {
  /** In kebab-case. */
  readonly name: string;
  /** What it shows, as a clause. */
  readonly shows: string;
  readonly setting: PictureSetting;
  /** Canaries that this very picture catches. */
  readonly catches: readonly string[];
  /**
   * Plays it and checks what it expects.
   *
   * @returns what happened, as a clause
   */
  readonly play: (stage: PictureStage) => string;
}

export interface PictureResult {
  readonly name: string;
  readonly seed: number;
  /** Null: all was as it should be. */
  readonly failure: Error | null;
  /** What happened; empty when it failed. */
  readonly what: string;
  readonly leaders: readonly Reign[];
  /** Intervals in which nobody led, between two that did. */
  readonly gaps: readonly Gap[];
  readonly overlaps: number;
  /** Of all that happened; the same for the same picture and seed. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
}

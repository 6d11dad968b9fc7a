import type { ElectionTiming, RemovalRule } from '@quorate/election/core';

/** What a picture is played on; left out: as the library's own, and clocks that are right. */
export interface PictureSetting {
  readonly nodes: number;
  readonly timing?: Partial<ElectionTiming>;
  /** Whether there is a group of claims beside the election. */
  readonly claims?: boolean;
  /** Its clocks go wrong: two leaders at once are counted, and no failure. */
  readonly mayOverlap?: boolean;
  /** Dead nodes are removed by it. */
  readonly members?: RemovalRule;
}

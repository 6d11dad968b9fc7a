/** What history is kept without anybody's asking; the rest is compacted. */
export type AutoCompaction =
  /** What was so long ago; compacted every hour, or as often as it is kept if that is less. */
  | { readonly mode: 'periodic'; readonly retentionMs: number }
  /** So many revisions; compacted every 5 minutes. */
  | { readonly mode: 'revision'; readonly retention: number };

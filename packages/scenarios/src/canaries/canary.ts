/** A classic mistake, as a change to one place of the source. */
export interface Canary {
  readonly name: string;
  /** What goes wrong, and where it is known from. */
  readonly why: string;
  /** Below packages/. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Voters that it takes to show; default: as many as are asked for. */
  readonly nodes?: number;
}

/** What is used of `tinyraft`. */
export interface TinyMessage {
  readonly type: string;
  readonly term: number;
  readonly leader?: number | null;
}

export interface TinyChange {
  readonly state: string;
  readonly term: number;
}

export interface TinyOptions {
  readonly nodes: readonly number[];
  readonly nodeId: number;
  readonly electionTimeout: number;
  readonly heartbeatTimeout: number;
  readonly leadershipTimeout: number;
  readonly initialTerm?: number;
  readonly send: (to: number, message: TinyMessage) => void;
}

export interface Tinyraft {
  readonly state: string;
  readonly term: number;
  on(event: 'change', listener: (change: TinyChange) => void): void;
  start(): void;
  stop(): void;
  onReceive(from: number, message: TinyMessage): void;
}

export interface TinyraftClass {
  new (options: TinyOptions): Tinyraft;
}

/** Follows its changes: it tells of a leader again when it has another follower. */
export class TinyWatch {
  #led = 0;

  /** @returns what has begun, and which leadership has ended */
  changed({ state, term }: TinyChange): { what: 'elected' | 'follows' | null; ended: number } {
    const before = this.#led;
    this.#led = state === 'leader' ? term : 0;
    const ended = before > 0 && before !== this.#led ? before : 0;
    if (state === 'leader') return { what: before === term ? null : 'elected', ended };
    return { what: state === 'follower' ? 'follows' : null, ended };
  }
}

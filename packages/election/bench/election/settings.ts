export const phases = ['failover', 'handover', 'partition', 'wan', 'idle'] as const;

export type Phase = (typeof phases)[number];

export interface Timing {
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
}

export interface Settings {
  readonly only: ReadonlySet<Phase>;
  readonly rounds: number;
  readonly wanRounds: number;
  readonly timings: readonly Timing[];
  readonly wanTimings: readonly Timing[];
  /** Of the phase `wan`. */
  readonly roundTripMs: number;
  /** How long idle processes are watched. */
  readonly seconds: number;
  /** How long they are left alone before that. */
  readonly settleSeconds: number;
  readonly observers: number;
  readonly directory: string;
}

/** HEARTBEAT/TIMEOUT in milliseconds, several with commas. @throws RangeError */
export function timingsOf(flag: string, text: string): Timing[] {
  return text.split(',').map((one) => {
    const [, heartbeat = '', timeout = ''] = /^(\d+)\/(\d+)$/.exec(one) ?? [];
    const timing = { heartbeatIntervalMs: Number(heartbeat), electionTimeoutMs: Number(timeout) };
    if (timing.heartbeatIntervalMs > 0 && timing.electionTimeoutMs > 0) return timing;
    throw new RangeError(`--${flag}: '${one}' is not HEARTBEAT/TIMEOUT in ms, such as 40/200`);
  });
}

/** @throws RangeError */
export function phasesOf(flag: string, text: string): Set<Phase> {
  const found = text.split(',').map((one) => {
    const phase = phases.find((known) => known === one);
    if (phase !== undefined) return phase;
    throw new RangeError(`--${flag}: '${one}' is not of ${phases.join(', ')}`);
  });
  return new Set(found);
}

/** @throws RangeError */
export function numberOf(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`--${flag}: '${text}' is no whole number from ${least} to ${most}`);
}

export function nameOf({ heartbeatIntervalMs, electionTimeoutMs }: Timing): string {
  return `${heartbeatIntervalMs}/${electionTimeoutMs}`;
}

import type { TraceEvent } from '@quorate/sim';
import type { Picture, PictureResult } from './picture.ts';
import { PictureStage } from './picture-stage.ts';

/** The same picture and seed are the same run, event for event. */
export function playPicture(
  picture: Picture,
  seed: number,
  trace?: (event: TraceEvent) => void,
): PictureResult {
  const { name, setting } = picture;
  const stage = new PictureStage(setting, seed, trace);
  const { cluster, checker } = stage;
  let what = '';
  let failure: Error | null = null;
  try {
    what = picture.play(stage);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  // What was violated first says more than what the script then missed.
  failure = cluster.violation ?? failure;
  return {
    name,
    seed,
    failure,
    what,
    leaders: checker.history,
    gaps: checker.gaps,
    overlaps: checker.overlaps,
    hash: cluster.hash.digest,
    events: cluster.scheduler.executed,
    virtualMs: cluster.scheduler.nowMs,
  };
}

/** One line: what happened, who led by which token, and for how long nobody did. */
export function pictureLine(result: PictureResult): string {
  const { name, failure, what, leaders, gaps, overlaps } = result;
  if (failure !== null) return `${name}: FAILED: ${failure.message}`;
  const who = leaders.map(({ node, token }) => `node ${node} with token ${token}`).join(', ');
  if (overlaps > 0) return `${name}: ${what}; led at once: ${who}`;
  const times = gaps.map(({ ms }) => Math.round(ms));
  const gap = times.length === 0 ? '' : `; without a leader for ${times.join(', ')} ms`;
  return `${name}: ${what}; led: ${who}${gap}`;
}

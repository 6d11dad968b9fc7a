import type { TraceEvent } from '@quorate/sim';
import { type GapFigures, GapTable } from '../election/gap-table.ts';
import type { PictureResult } from '../election/pictures/picture.ts';
import { pictureLine, playPicture } from '../election/pictures/play-picture.ts';
import { pictures } from '../election/pictures/registry.ts';
import { failureName } from '../failure.ts';
import type { SimOptions } from './options.ts';
import { say } from './print.ts';
import { tracePrinter } from './trace-printer.ts';

interface Told {
  readonly name: string;
  readonly seeds: number;
  /** The first that failed. */
  readonly failedSeed: number | null;
  readonly failure: string | null;
  /** Intervals without a leader, of all seeds; null: there was always one. */
  readonly gaps: GapFigures | null;
}

/** Each picture that was asked for, with each seed. @returns the exit status */
export function runPictures(options: SimOptions): number {
  const { canary } = options;
  const told = options.pictures.map((name) => play(name, options));
  const failed = told.filter(({ failedSeed }) => failedSeed !== null);
  say(`${told.length} pictures, ${failed.length} failed`);
  say(
    JSON.stringify({
      pictures: told,
      failed: failed.map(({ name }) => name),
      ...(canary === null ? {} : { canary }),
    }),
  );
  if (failed.length > 0) return 1;
  if (canary === null) return 0;
  say(`canary ${canary} was NOT caught`);
  return 3;
}

function play(name: string, options: SimOptions): Told {
  const { first, count, trace: traced, canary } = options;
  const picture = pictures.find((one) => one.name === name);
  if (picture === undefined) throw new Error(`there is no picture ${name}`);
  const trace: ((event: TraceEvent) => void) | undefined =
    traced === null ? undefined : tracePrinter(traced, say);
  const table = new GapTable();
  for (let seed = first; seed < first + count; seed++) {
    const result = playPicture(picture, seed, trace);
    table.add(result.gaps);
    const { failure } = result;
    if (failure === null && seed > first) continue;
    say(pictureLine(result));
    if (failure === null) continue;
    tellFailure(result, canary);
    return {
      name,
      seeds: seed - first + 1,
      failedSeed: seed,
      failure: failureName(failure),
      gaps: null,
    };
  }
  const gaps = table.figures()['all'] ?? null;
  if (count > 1) say(`  ${count} seeds${gaps === null ? '' : gapText(gaps)}`);
  return { name, seeds: count, failedSeed: null, failure: null, gaps };
}

function gapText({ p50, p99, max }: GapFigures): string {
  return `, without a leader for ${p50} ms (p50), ${p99} ms (p99), ${max} ms (longest)`;
}

function tellFailure({ name, seed, failure }: PictureResult, canary: string | null): void {
  if (canary !== null) {
    say(`canary ${canary} caught by picture ${name}, as '${failureName(failure as Error)}'`);
  }
  const planted = canary === null ? '' : ` --canary ${canary}`;
  say(
    `again:  npm run sim -- --scenario election --picture ${name} --seed ${seed}${planted} --trace`,
  );
}

import { parseArgs } from 'node:util';
import { readWholeNumber, UsageError } from '../run/run-tool.ts';
import { type CanaryName, canaryNames, isCanaryName } from './canaries/canary.ts';

export const usage = `\
usage: npm run -s chaos -- --minutes M --seed N [--nodes 3|5] [--rate N] [--out DIR]
       npm run -s chaos -- --minutes M --seed N --canary NAME
       npm run -s chaos -- --schedule --minutes M --seed N
       npm run -s chaos -- --check DIR
  --minutes M     how long faults and clients are at work; 0.5 is half a minute
  --seed N        what is to happen follows from it (default 1)
  --nodes N       3 or 5 (default 3)
  --rate N        calls per second, all clients together, 1 to 2000 (default 200)
  --out DIR       where history and logs are kept (default: a new directory for temporary files)
  --canary NAME   plant a mistake in front of the clients, which must be found
  --schedule      print what would happen, and do nothing
  --check DIR     check the history that an earlier run has kept there
canaries: ${canaryNames.join(', ')}`;

const flags = {
  minutes: { type: 'string' },
  seed: { type: 'string', default: '1' },
  nodes: { type: 'string', default: '3' },
  rate: { type: 'string', default: '200' },
  out: { type: 'string' },
  canary: { type: 'string' },
  schedule: { type: 'boolean', default: false },
  check: { type: 'string' },
} as const;

export interface ChaosOptions {
  readonly durationMs: number;
  readonly seed: number;
  readonly nodes: number;
  readonly ratePerSecond: number;
  readonly out: string | null;
  readonly canary: CanaryName | null;
}

export type Choice =
  | { readonly kind: 'run' | 'schedule'; readonly options: ChaosOptions }
  | { readonly kind: 'check'; readonly directory: string };

const longestMinutes = 24 * 60;
const mostPerSecond = 2000;

/** @throws UsageError, or what `parseArgs` throws */
export function readOptions(args: readonly string[]): Choice {
  const { values } = parseArgs({ args: [...args], options: flags });
  if (values.check !== undefined) return { kind: 'check', directory: values.check };
  const minutes = Number(values.minutes ?? Number.NaN);
  if (!(minutes >= 0.1 && minutes <= longestMinutes)) {
    throw new UsageError(`--minutes is a number from 0.1 to ${longestMinutes}`);
  }
  if (values.nodes !== '3' && values.nodes !== '5') throw new UsageError('--nodes is 3 or 5');
  const ratePerSecond = readWholeNumber('--rate', values.rate, 1);
  if (ratePerSecond > mostPerSecond) throw new UsageError(`--rate is at most ${mostPerSecond}`);
  const { canary } = values;
  if (canary !== undefined && !isCanaryName(canary)) {
    throw new UsageError(`there is no canary '${canary}'`);
  }
  const options = {
    durationMs: minutes * 60_000,
    seed: readWholeNumber('--seed', values.seed),
    nodes: Number(values.nodes),
    ratePerSecond,
    out: values.out ?? null,
    canary: canary ?? null,
  };
  return { kind: values.schedule ? 'schedule' : 'run', options };
}

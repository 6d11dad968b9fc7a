// The same operations against etcd and against us: `npm run differential -- --ops N --seed N`.
// docs/internals/differential.md tells more. Exit 1 on a difference, 2 on wrong usage or no etcd.
import { parseArgs } from 'node:util';
import { canaries } from './differential/canaries.ts';
import { Comparison } from './differential/comparison.ts';
import type { Wire } from './differential/operation.ts';
import { etcdVersion } from './differential/servers.ts';
import { SparePair } from './differential/spare-pair.ts';
import { readWholeNumber, runTool, UsageError } from './run/run-tool.ts';

const OPTIONS = {
  ops: { type: 'string', default: '2000' },
  seed: { type: 'string', default: '1' },
  only: { type: 'string' },
  etcd: { type: 'string', default: 'etcd' },
  canary: { type: 'string' },
  differences: { type: 'string', default: '8' },
  replay: { type: 'string' },
  'no-shrink': { type: 'boolean', default: false },
} as const;

const usage = (): string => `usage: npm run differential -- [--ops N] [--seed N]
                             [--only grpc|gateway] [--etcd PATH] [--canary NAME]
                             [--differences N] [--no-shrink]
       npm run differential -- --seed N --replay NUMBERS

Draws random operations and compares every answer of etcd with ours.

  --ops N        how many operations (default 2000)
  --seed N       decides all of them (default 1)
  --only WIRE    only gRPC, or only the JSON gateway; else both in turn
  --etcd PATH    the server to compare with (default: etcd of the PATH; 3.4 is understood)
  --canary NAME  plants a mistake in our answers, which must be found:
${canaries.map(({ name, about }) => `                   ${name.padEnd(13)}${about}`).join('\n')}
  --differences N  stops after so many (default 8)
  --replay NUMBERS  carries out and prints the operations with these numbers: 3,17,20-40
  --no-shrink    does not look for few operations that show a difference

Exit codes: 0 no difference but those that are known (with --canary: it was found), 1 a difference
(with --canary: it was not found), 2 wrong usage or no etcd.`;

function wiresOf(only: string | undefined): readonly Wire[] {
  if (only === undefined) return ['grpc', 'gateway'];
  if (only === 'grpc' || only === 'gateway') return [only];
  throw new UsageError(`--only is grpc or gateway, not '${only}'`);
}

/** @throws UsageError when it is no list of numbers and ranges */
function numbersOf(list: string): number[] {
  return list.split(/[ ,]+/).flatMap((item) => {
    const [first = '', last = first] = item.split('-');
    const from = readWholeNumber('an operation', first);
    const to = readWholeNumber('an operation', last, from);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

async function run(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  const canary = canaries.find(({ name }) => name === values.canary) ?? null;
  if (values.canary !== undefined && canary === null) {
    throw new UsageError(`there is no canary '${values.canary}'`);
  }
  const operations = readWholeNumber('--ops', values.ops, 1);
  const seed = readWholeNumber('--seed', values.seed);
  if (seed >= 2 ** 28) throw new UsageError(`--seed is below ${2 ** 28}, not ${seed}`);
  const wires = wiresOf(values.only);
  const version = etcdVersion(values.etcd);
  if (version === null) {
    console.error(`'${values.etcd}' cannot be run: install Debian's etcd-server, or give --etcd`);
    return 2;
  }
  console.log(`etcd ${version}, seed ${seed}, ${operations} operations over ${wires.join(', ')}`);
  const comparison = new Comparison({
    pairs: new SparePair({ etcd: values.etcd, canary }),
    seed,
    wires,
    mostDifferences: canary === null ? readWholeNumber('--differences', values.differences, 1) : 1,
    isShrinking: !values['no-shrink'],
  });
  if (values.replay !== undefined) return await comparison.replay(numbersOf(values.replay));
  const verdict = await comparison.run(operations);
  return verdict === (canary === null ? 'equal' : 'planted') ? 0 : 1;
}

await runTool({ args: process.argv.slice(2), usage, run });

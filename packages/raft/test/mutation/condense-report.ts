/**
 * `node packages/raft/test/mutation/condense-report.ts` makes of Stryker's report what a reader
 * needs, and writes `mutation/report.json`. Survivors for which `mutation/equivalent.json` has a
 * reason do not count; all others are holes in the tests. Exit 1 when a reason is for no survivor
 * (any more).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { URL } from 'node:url';

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Report {
  readonly files: Record<string, { readonly source: string; readonly mutants: Mutant[] }>;
}

/** Mutants that no test can tell from the original, and why. */
interface Equivalent {
  readonly reason: string;
  readonly mutants: readonly Described[];
}

interface Described {
  readonly file: string;
  readonly code: string;
  readonly replacement: string;
}

const folder = new URL('../../mutation/', import.meta.url);
const report = readJson('raw/report.json') as Report;
const equivalents = readJson('equivalent.json') as readonly Equivalent[];

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** What stood where the mutant stands. */
function codeOf(source: string, { location: { start, end } }: Mutant): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.pop() ?? '';
  lines.push(last.slice(0, end.column - 1));
  lines[0] = lines[0]?.slice(start.column - 1) ?? '';
  return oneLine(lines.join('\n'));
}

const keyOf = ({ file, code, replacement }: Described): string =>
  JSON.stringify([file, code, replacement]);

const reasons = new Map(
  equivalents.flatMap(({ reason, mutants }) => mutants.map((one) => [keyOf(one), reason] as const)),
);
const used = new Set<string>();
const survivors: object[] = [];
const holes: string[] = [];
const statuses = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'Ignored'] as const;
const files: Record<string, Record<string, number>> = {};
const sum = { total: 0, killed: 0, timeout: 0, survived: 0, equivalent: 0, ignored: 0 };

for (const [file, { source, mutants }] of Object.entries(report.files)) {
  const count = (status: (typeof statuses)[number]): number =>
    mutants.filter((mutant) => mutant.status === status).length;
  const alive = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  let equivalent = 0;
  for (const mutant of alive) {
    const replacement = oneLine(mutant.replacement ?? '');
    const described = { file, code: codeOf(source, mutant), replacement };
    const key = keyOf(described);
    const reason = reasons.get(key);
    used.add(key);
    const { line } = mutant.location.start;
    survivors.push({ ...described, line, mutator: mutant.mutatorName, reason: reason ?? null });
    if (reason === undefined) holes.push(`${file}:${line} ${key}`);
    else equivalent += 1;
  }
  const row = {
    total: mutants.length,
    killed: count('Killed'),
    timeout: count('Timeout'),
    survived: alive.length,
    equivalent,
    ignored: count('Ignored'),
  };
  files[file] = row;
  for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += row[name];
}

const detected = sum.killed + sum.timeout;
const percent = (of: number): number => Math.round((10_000 * detected) / of) / 100;
const score = {
  allPercent: percent(detected + sum.survived),
  withoutEquivalentPercent: percent(detected + sum.survived - sum.equivalent),
};
const condensed = { score, sum, files, survivors };
writeFileSync(new URL('report.json', folder), `${JSON.stringify(condensed, null, 2)}\n`);

const stale = [...reasons.keys()].filter((key) => !used.has(key));
console.log(JSON.stringify({ ...score, ...sum }));
for (const hole of holes) console.log(`hole: ${hole}`);
for (const key of stale) console.log(`no survivor: ${key}`);
process.exitCode = stale.length === 0 ? 0 : 1;

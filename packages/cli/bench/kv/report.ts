import { loadavg } from 'node:os';
import { median, roundTo } from './figures.ts';
import { level, type Plan, type Row } from './plan.ts';

/** Medians beside each other, ours divided by each peer's, and all of it once more as JSON. */
export function report(rows: readonly Row[], { load, rounds, seconds }: Plan): void {
  const found = rows.map(({ what, unit, rounds: byName }) => {
    const medians = [...byName].map(
      ([name, values]) => [name, roundTo(median(values), 2)] as const,
    );
    const ours = byName.get('quorate');
    const peer = byName.get('etcd');
    const isComparable = ours !== undefined && peer !== undefined && median(peer) !== 0;
    const ratio = isComparable ? roundTo(median(ours) / median(peer), 3) : null;
    return { what, unit, medians: Object.fromEntries(medians), ratio };
  });
  console.log('\nmedians');
  for (const { what, unit, medians, ratio } of found) {
    const figures = Object.entries(medians).map(([name, value]) => `${name} ${value}`);
    const compared = ratio === null ? [] : [`${ratio} times etcd's`];
    const label = `${what}, ${unit}`.padEnd(38);
    console.log(`${label} ${[...figures, ...compared].join(', ')}`);
  }
  const conditions = { client: load.name, rounds, seconds, load: roundTo(loadavg()[0] ?? 0, 1) };
  const { keys, valueBytes } = level;
  console.log(JSON.stringify({ bench: 'kv', ...conditions, keys, valueBytes, figures: found }));
}

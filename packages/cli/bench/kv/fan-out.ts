import type { Children } from './children.ts';
import { byTurns, level, type Plan, type Row, type System } from './plan.ts';
import { processorMicros } from './process-figures.ts';

const summary = /events=(\d+) lost=(\d+) (\d+) events\/s p50=([\d.]+)ms p99=([\d.]+)ms/;

/** Events a second to many watchers of one key, which one writer overwrites. */
export async function fanOut(
  { watchers, watcherCount, rounds, seconds }: Plan,
  systems: readonly System[],
  children: Children,
): Promise<Row[]> {
  if (watchers === null) {
    console.log('watchers: skipped, for their program cannot be built (needs Go, see the guide)');
    return [];
  }
  const what = `${watcherCount} watchers`;
  return byTurns(what, rounds, systems, async ({ name, cluster: { endpoints, processIds } }) => {
    const before = processorMicros(processIds);
    const running = children.start([
      watchers,
      `-endpoints=${endpoints.join(',')}`,
      `-watchers=${watcherCount}`,
      `-dur=${seconds}s`,
      `-val=${level.valueBytes}`,
    ]);
    const exitCode = await running.ended;
    const found = summary.exec(running.output);
    if (exitCode !== 0 || found === null) {
      throw new Error(`${watchers} ended with ${exitCode}:\n${running.output}`);
    }
    const [events = 0, lost = 0, perSecond = 0, p50Ms = 0, p99Ms = 0] = found.slice(1).map(Number);
    const after = processorMicros(processIds);
    const micros = before === null || after === null ? 0 : (after - before) / events;
    const words = [`${perSecond} events/s`, `p50 ${p50Ms} ms`, `p99 ${p99Ms} ms`];
    words.push(`servers ${micros.toFixed(1)} us each`, `${lost} lost`);
    console.log(`${name.padEnd(8)}${what.padEnd(19)} ${words.join(', ')}`);
    return {
      'events/s': perSecond,
      'p50 ms': p50Ms,
      'p99 ms': p99Ms,
      'servers us each': micros,
      lost,
    };
  });
}

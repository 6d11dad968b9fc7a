import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Each sample wakes the process; at 50 ms that costs an idle node 0.15 % of a core. */
const sampleIntervalMs = 50;

const quantiles: readonly number[] = [0.5, 0.9, 0.99, 1];

/** Longer than any process lives: prom-client's own sampling of the event loop stays asleep. */
const neverMs = 2 ** 31 - 1;

let shared: Registry | null = null;

function addEventLoopDelay(registry: Registry): void {
  const delays = monitorEventLoopDelay({ resolution: sampleIntervalMs });
  new Gauge({
    name: 'quorate_event_loop_delay_seconds',
    help: 'How late the event loop was since the last scrape, by quantile; 0 at the first scrape.',
    labelNames: ['quantile'],
    registers: [registry],
    collect(): void {
      // From the first scrape on: a process that nobody watches need not wake up for it.
      delays.enable();
      for (const quantile of quantiles) {
        const nanoseconds = delays.count === 0 ? 0 : delays.percentile(quantile * 100);
        // A sample is the time between two wake-ups, the interval itself included.
        const lateSeconds = Math.max(0, nanoseconds / 1e9 - sampleIntervalMs / 1e3);
        this.set({ quantile: String(quantile) }, lateSeconds);
      }
      delays.reset();
    },
  });
}

/** Beside the scraper's own time it shows whose clock is off. */
function addClock(registry: Registry): void {
  new Gauge({
    name: 'quorate_clock_seconds',
    help: 'The wall clock, as a Unix time.',
    registers: [registry],
    collect(): void {
      this.set(Date.now() / 1000);
    },
  });
}

/**
 * What is true of the process, whichever of its nodes is asked: memory, descriptors, garbage
 * collection, the event loop. Made on first use and kept, because its observers cannot be ended.
 */
function processRegistry(): Registry {
  if (shared !== null) return shared;
  shared = new Registry();
  collectDefaultMetrics({ register: shared, eventLoopMonitoringPrecision: neverMs });
  for (const { name } of shared.getMetricsAsArray()) {
    if (name.startsWith('nodejs_eventloop_lag')) shared.removeSingleMetric(name);
  }
  addEventLoopDelay(shared);
  addClock(shared);
  return shared;
}

/** Begins to observe the process; without it the first scrape would have nothing to say. */
export function startProcessMetrics(): void {
  processRegistry();
}

/** Prometheus text format 0.0.4. */
export function processMetricsText(): Promise<string> {
  return processRegistry().metrics();
}

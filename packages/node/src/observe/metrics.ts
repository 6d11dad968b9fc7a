import type { Counter, Gauge, Labels, MetricOptions, Metrics } from '@quorate/base';
import { assert } from '@quorate/base';
import { Counter as PromCounter, Gauge as PromGauge, Registry } from 'prom-client';
import { Cells, noLabels } from './cells.ts';
import { createHistogram } from './histogram.ts';

/** The value of one combination of labels. */
interface Cell {
  readonly labels: Labels;
  value: number;
}

/** A cell for each combination of labels; a metric without labels has one from the start. */
function numericCells(names: readonly string[]): Cells<Cell> {
  return new Cells<Cell>(names, (labels) => ({ labels, value: 0 }));
}

function createCounter(registry: Registry, options: MetricOptions): Counter {
  const cells = numericCells(options.labels ?? []);
  new PromCounter({
    name: options.name,
    help: options.help,
    labelNames: [...(options.labels ?? [])],
    registers: [registry],
    collect(): void {
      this.reset();
      for (const cell of cells.all) this.inc(cell.labels, cell.value);
    },
  });
  return {
    add(amount, labels = noLabels) {
      assert(amount >= 0, `counter ${options.name} only rises`);
      cells.at(labels).value += amount;
    },
  };
}

function createGauge(registry: Registry, options: MetricOptions): Gauge {
  const cells = numericCells(options.labels ?? []);
  new PromGauge({
    name: options.name,
    help: options.help,
    labelNames: [...(options.labels ?? [])],
    registers: [registry],
    collect(): void {
      for (const cell of cells.all) this.set(cell.labels, cell.value);
    },
  });
  return {
    set(value, labels = noLabels) {
      cells.at(labels).value = value;
    },
  };
}

interface Known {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: string;
  readonly metric: unknown;
}

/** A node's own metrics. */
export interface RealMetrics extends Metrics {
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
}

/** Metrics in a registry of their own, so that two nodes of a process do not mix. */
export function createMetrics(): RealMetrics {
  const registry = new Registry();
  const known = new Map<string, Known>();

  const once = <T>(kind: Known['kind'], options: MetricOptions, make: () => T): T => {
    const labels = (options.labels ?? []).join();
    const found = known.get(options.name);
    if (found !== undefined) {
      const same = found.kind === kind && found.labels === labels;
      assert(same, `metric ${options.name} is declared the same way everywhere`);
      return found.metric as T;
    }
    const metric = make();
    known.set(options.name, { kind, labels, metric });
    return metric;
  };

  return {
    counter: (options) => once('counter', options, () => createCounter(registry, options)),
    gauge: (options) => once('gauge', options, () => createGauge(registry, options)),
    histogram: (options) => once('histogram', options, () => createHistogram(registry, options)),
    text: () => registry.metrics(),
  };
}

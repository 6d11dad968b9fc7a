import type { Counter, Gauge, Histogram, Labels, MetricOptions, Metrics } from '@quorate/base';
import { assert } from '@quorate/base';
import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';

/** The value of one combination of labels. */
interface Cell {
  readonly labels: Labels;
  value: number;
}

const noLabels: Labels = {};

/** One level of the tree of label values; leaves are `Value`. */
type Branch<Value> = Map<string, Branch<Value> | Value>;

/**
 * Finds what belongs to a combination of labels, by a map for each label in turn: prom-client sorts
 * and joins the names at every call, which is too much for a counter that every message moves.
 */
class Cells<Value extends object> {
  readonly #names: readonly string[];
  readonly #make: (labels: Labels) => Value;
  readonly #root: Branch<Value> = new Map();
  readonly #all: Value[] = [];

  constructor(names: readonly string[], make: (labels: Labels) => Value) {
    this.#names = names;
    this.#make = make;
    if (names.length === 0) this.#all.push(make(noLabels));
  }

  get all(): readonly Value[] {
    return this.#all;
  }

  at(labels: Labels): Value {
    if (this.#names.length === 0) return this.#all[0] as Value;
    let found: Branch<Value> | Value | undefined = this.#root;
    for (const name of this.#names) {
      found = (found as Branch<Value>).get(labels[name] as string);
      if (found === undefined) return this.#add(labels);
    }
    return found as Value;
  }

  #add(labels: Labels): Value {
    const given = Object.keys(labels);
    assert(
      given.length === this.#names.length && given.every((name) => this.#names.includes(name)),
      `a metric is given the labels it was declared with (${this.#names.join(', ')})`,
    );
    const made = this.#make({ ...labels });
    let branch = this.#root;
    for (const name of this.#names.slice(0, -1)) {
      const value = labels[name] as string;
      const next = (branch.get(value) as Branch<Value> | undefined) ?? new Map();
      branch.set(value, next);
      branch = next;
    }
    branch.set(labels[this.#names.at(-1) as string] as string, made);
    this.#all.push(made);
    return made;
  }
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

function createHistogram(
  registry: Registry,
  options: MetricOptions & { readonly buckets: readonly number[] },
): Histogram {
  const histogram = new PromHistogram({
    name: options.name,
    help: options.help,
    labelNames: [...(options.labels ?? [])],
    buckets: [...options.buckets],
    registers: [registry],
  });
  const children = new Cells(options.labels ?? [], (labels) => histogram.labels(labels));
  return {
    observe(value, labels = noLabels) {
      children.at(labels).observe(value);
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

/** A metric is made once, with every label that it will ever have. */
export interface MetricOptions {
  /** Prometheus naming: unit last, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/**
 * Values of all labels that the metric was made with. Each new combination is kept for good: no ids
 * of requests, no keys of users.
 */
export type Labels = Readonly<Record<string, string>>;

/** Only grows, by `amount` of at least 0; begins at 0 with each process. */
export interface Counter {
  add(amount: number, labels?: Labels): void;
}

/** A value that goes up and down: the last one set is what is told. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/**
 * Counts observations by the `buckets` it was made with: upper bounds, ascending, in the unit that
 * its name ends with.
 */
export interface Histogram {
  /** Durations are in seconds, as Prometheus wants them. */
  observe(value: number, labels?: Labels): void;
}

/** Asking twice for one name gives the same metric. */
export interface Metrics {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Histogram;
}

const nothing = (): void => undefined;

/** Counts nothing. */
export const silentMetrics: Metrics = {
  counter: () => ({ add: nothing }),
  gauge: () => ({ set: nothing }),
  histogram: () => ({ observe: nothing }),
};

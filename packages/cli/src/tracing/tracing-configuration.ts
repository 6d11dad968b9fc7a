/** Where spans go, and how many. */
export interface TracingConfiguration {
  /** OTLP over HTTP: `http://collector:4318/v1/traces`. */
  readonly endpoint: string;
  /** Of the calls whose clients are not traced themselves, from 0 to 1. */
  readonly samplingRatio: number;
  readonly serviceName: string;
}

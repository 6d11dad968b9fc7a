import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { TracingConfiguration } from './tracing-configuration.ts';

/** A tracer, and the end of it. */
export interface OpenTracing {
  readonly tracer: Tracer;
  /** Sends what is left, for as long as `closeLimitMs`. Never rejects. */
  close(): Promise<void>;
}

const closeLimitMs = 1000;

/** Of spans that wait to be sent; of more, the newest are dropped. */
const maxQueueSize = 8192;

/**
 * Sends spans by OTLP over HTTP, in batches. A collector that cannot be reached costs spans, and
 * nothing else.
 *
 * @param name of the node
 */
export function openTracing(configuration: TracingConfiguration, name: string): OpenTracing {
  const { endpoint, samplingRatio, serviceName } = configuration;
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: 5000 });
  const root = new TraceIdRatioBasedSampler(samplingRatio);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.instance.id': name }),
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, { maxQueueSize, scheduledDelayMillis: 1000 }),
    ],
  });
  return {
    tracer: provider.getTracer('quorate'),
    close: async () => {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, closeLimitMs);
      const closing = provider.shutdown().catch(() => undefined);
      await Promise.race([closing, late.promise]);
      clearTimeout(timer);
    },
  };
}

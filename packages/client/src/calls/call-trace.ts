/** A span as the tracer gives it: what of OpenTelemetry's `Span` a client needs. */
export interface ClientSpan {
  /** 32 and 16 hex digits, and the flags of W3C Trace Context. */
  spanContext(): {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceFlags: number;
  };
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  end(): void;
}

/**
 * What of OpenTelemetry's `Tracer` a client needs, so that `trace.getTracer('...')` can be given
 * and nothing of OpenTelemetry has to be installed.
 */
export interface ClientTracer {
  startSpan(
    name: string,
    options: { readonly kind: number; readonly attributes: Readonly<Record<string, string>> },
  ): ClientSpan;
}

/** OpenTelemetry's SpanKind.CLIENT and SpanStatusCode.ERROR. */
const clientKind = 2;
const errorStatus = 2;

/** The span of one call, retries included. */
export interface CallTrace {
  readonly traceparent: string;
  /** Ends the span when the call ends; the call's outcome stays what it is. */
  around<T>(call: Promise<T>): Promise<T>;
}

/** @param path of the method: `/etcdserverpb.KV/Put` */
export function beginTrace(tracer: ClientTracer, path: string): CallTrace {
  const [, service = '', method = ''] = path.split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
  const span = tracer.startSpan(path.slice(1), { kind: clientKind, attributes });
  const { traceId, spanId, traceFlags } = span.spanContext();
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0');
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    around: async (call) => {
      try {
        return await call;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        span.setStatus({ code: errorStatus, message });
        throw error;
      } finally {
        span.end();
      }
    },
  };
}

import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { UnaryHandler } from '../rpc/rpc-backend.ts';
import { bytesOfSpanContext, contextOfTraceparent } from './trace-context.ts';

/**
 * The method with a span around each call, a child of what the client says it is part of. A call
 * that is sampled takes its trace along into the log.
 *
 * @param path of the method: `/etcdserverpb.KV/Put`
 */
export function tracedUnary(path: string, handler: UnaryHandler, tracer: Tracer): UnaryHandler {
  const name = path.slice(1);
  const [service = '', method = ''] = name.split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
  const options = { kind: SpanKind.SERVER, attributes };
  return (request, call, done) => {
    const span = tracer.startSpan(name, options, contextOfTraceparent(call.traceparent));
    if (!span.isRecording()) {
      span.end();
      handler(request, call, done);
      return;
    }
    const trace = bytesOfSpanContext(span.spanContext());
    handler(request, { ...call, trace }, (error, answer) => {
      span.setAttribute('rpc.grpc.status_code', error?.code ?? 0);
      if (error !== null) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      }
      span.end();
      done(error, answer);
    });
  };
}

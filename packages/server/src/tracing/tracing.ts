import type { Tracer } from '@opentelemetry/api';
import type { RuntimeObserver } from '@quorate/runtime';
import type { UnaryHandler } from '../rpc/rpc-backend.ts';
import { LogTracer } from './log-tracer.ts';
import { tracedUnary } from './traced-calls.ts';

/** What a server that is traced does besides. */
export interface ServerTracing {
  /** Sees the member's log. */
  readonly observer: RuntimeObserver;
  /** Puts a span around each call of the method. */
  traced(path: string, handler: UnaryHandler): UnaryHandler;
}

export function traceServer(tracer: Tracer): ServerTracing {
  return {
    observer: new LogTracer(tracer),
    traced: (path, handler) => tracedUnary(path, handler, tracer),
  };
}

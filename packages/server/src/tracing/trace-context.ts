import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { spanIdBytes, traceIdBytes } from '../core/index.ts';

/** W3C Trace Context, level 1: version, trace id, parent id, flags; later versions may add. */
const traceparentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @returns what a client said it is part of; the root when it said nothing, or nothing usable */
export function contextOfTraceparent(traceparent: string | undefined): Context {
  const match = traceparent === undefined ? null : traceparentForm.exec(traceparent);
  if (match === null) return ROOT_CONTEXT;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  const isKnown = version !== 'ff' && (version !== '00' || rest === undefined);
  if (!isKnown || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** @returns what a command carries in the log: trace id and span id */
export function bytesOfSpanContext({ traceId, spanId }: SpanContext): Uint8Array {
  return new Uint8Array(Buffer.from(traceId + spanId, 'hex'));
}

/** @param bytes as `bytesOfSpanContext` gives them; only what is sampled is in the log */
export function contextOfBytes(bytes: Uint8Array): Context {
  const hex = Buffer.from(bytes).toString('hex');
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: hex.slice(0, 2 * traceIdBytes),
    spanId: hex.slice(2 * traceIdBytes, 2 * (traceIdBytes + spanIdBytes)),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}

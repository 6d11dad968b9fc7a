import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  type Span,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/** What was told of one span. */
export interface Recorded {
  readonly name: string;
  readonly parent: string;
  readonly attributes: Attributes;
  isEnded: boolean;
  failure: string | null;
}

/** Keeps what it is told. */
export class RecordingTracer {
  readonly spans: Recorded[] = [];
  isRecording = true;

  get open(): string[] {
    return this.spans.filter(({ isEnded }) => !isEnded).map(({ name }) => name);
  }

  readonly tracer: Tracer = {
    startSpan: (name, options, context) => this.#start(name, options, context),
    startActiveSpan: () => {
      throw new Error('the server has no active span');
    },
  };

  #start(name: string, options: SpanOptions = {}, context?: Context): Span {
    const parent = context === undefined ? undefined : trace.getSpanContext(context);
    const span: Recorded = {
      name,
      parent: parent?.spanId ?? '',
      attributes: { ...options.attributes },
      isEnded: false,
      failure: null,
    };
    if (this.isRecording) this.spans.push(span);
    const spanContext = {
      ...INVALID_SPAN_CONTEXT,
      traceId: '1'.repeat(32),
      spanId: '2'.repeat(16),
    };
    const self: Span = {
      spanContext: () => spanContext,
      setAttribute: (key, value) => {
        span.attributes[key] = value;
        return self;
      },
      setAttributes: () => self,
      addEvent: () => self,
      addLink: () => self,
      addLinks: () => self,
      setStatus: ({ message }) => {
        span.failure = message ?? '';
        return self;
      },
      updateName: () => self,
      end: () => {
        span.isEnded = true;
      },
      isRecording: () => this.isRecording,
      recordException: () => undefined,
    };
    return self;
  }
}

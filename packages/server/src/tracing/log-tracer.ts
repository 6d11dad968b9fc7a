import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  type Tracer,
} from '@opentelemetry/api';
import type { RaftView, RuntimeObserver } from '@quorate/runtime';
import { type Entry, EntryKind, type GroupId, type LogIndex, type NodeId } from '@quorate/schema';
import { traceOf } from '../core/index.ts';
import { contextOfBytes } from './trace-context.ts';

/** Traced entries that may be under way here; of more, nothing is told. */
const mostOpen = 4096;

type Effects = Parameters<RuntimeObserver['turned']>[2];

/** Where this member has an entry: being written, being replicated by it as the leader. */
interface Open {
  readonly context: Context;
  readonly attributes: Attributes;
  readonly term: number;
  append: Span | null;
  replicate: Span | null;
}

/**
 * Tells what becomes of traced commands in this member's log: `quorate.append`, until the entry is
 * durable here; on the leader `quorate.replicate`, until it is committed; `quorate.apply`. Each is
 * a child of the call that the command came from, wherever that was served.
 */
export class LogTracer implements RuntimeObserver {
  readonly #tracer: Tracer;
  readonly #open = new Map<LogIndex, Open>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  turned(_group: GroupId, raft: RaftView, { write, committed }: Effects): void {
    if (write !== null) for (const entry of write.entries) this.#written(entry, raft);
    if (this.#open.size === 0) return;
    for (const { index, term } of committed) {
      const open = this.#of(index, term);
      if (open === undefined) continue;
      open.replicate?.end();
      open.replicate = null;
    }
  }

  persisted(_group: GroupId, entries: readonly Entry[]): void {
    if (this.#open.size === 0) return;
    for (const { index, term } of entries) {
      const open = this.#of(index, term);
      if (open === undefined) continue;
      open.append?.end();
      open.append = null;
    }
  }

  applied(_group: GroupId, entries: readonly Entry[], seconds: number): void {
    if (this.#open.size === 0) return;
    const endMs = performance.timeOrigin + performance.now();
    for (const { index, term } of entries) {
      const open = this.#of(index, term);
      if (open !== undefined) {
        const { attributes, context } = open;
        const startTime = endMs - seconds * 1000;
        const batch = { ...attributes, 'quorate.batch_entries': entries.length };
        const span = this.#tracer.startSpan(
          'quorate.apply',
          { kind: SpanKind.INTERNAL, attributes: batch, startTime },
          context,
        );
        span.end(endMs);
      }
      this.#forget(index);
    }
    // What a snapshot stood in for, or another leader's log, was never applied here by itself.
    const last = entries.at(-1)?.index ?? 0;
    for (const index of this.#open.keys()) if (index <= last) this.#forget(index);
  }

  #of(index: LogIndex, term: number): Open | undefined {
    const open = this.#open.get(index);
    return open?.term === term ? open : undefined;
  }

  #written({ kind, index, term, data }: Entry, raft: RaftView): void {
    const bytes = kind === EntryKind.command ? traceOf(data) : null;
    if (bytes === null) return;
    this.#forget(index);
    if (this.#open.size >= mostOpen) return;
    const context = contextOfBytes(bytes);
    const attributes = attributesOf(raft.nodeId, raft.role, term, index, data.length);
    const start = (name: string): Span =>
      this.#tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes }, context);
    this.#open.set(index, {
      context,
      attributes,
      term,
      append: start('quorate.append'),
      replicate: raft.role === 'leader' ? start('quorate.replicate') : null,
    });
  }

  /** Spans that are still open end here: their entry was overwritten, or another took its place. */
  #forget(index: LogIndex): void {
    const open = this.#open.get(index);
    if (open === undefined) return;
    this.#open.delete(index);
    open.append?.end();
    open.replicate?.end();
  }
}

/** By term and index the spans of all members are found that concern one entry. */
function attributesOf(
  node: NodeId,
  role: string,
  term: number,
  index: LogIndex,
  bytes: number,
): Attributes {
  return {
    'quorate.node': String(node),
    'quorate.role': role,
    'quorate.term': term,
    'quorate.index': index,
    'quorate.entry_bytes': bytes,
  };
}

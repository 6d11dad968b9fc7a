import type { HistoryEvent, Json } from './history-event.ts';

/** A call, put together from its two events. */
export interface Call {
  readonly process: number;
  readonly f: string;
  readonly key: string | null;
  readonly input: Json;
  /** `info` also for one that has no second event. */
  readonly outcome: 'ok' | 'fail' | 'info';
  readonly output: Json;
  readonly error: string;
  readonly detail: Json | undefined;
  /** Of the answer; 0: it has none. */
  readonly revision: number;
  readonly node: string;
  readonly calledAt: number;
  /** Infinity: never. */
  readonly returnedAt: number;
  /** Places in the history, whose order is that of the events even where the times are equal. */
  readonly callIndex: number;
  readonly returnIndex: number;
}

/** @throws Error when an answer has no call, or a process calls twice at once */
export function callsOf(history: readonly HistoryEvent[]): Call[] {
  const calls: Call[] = [];
  const open = new Map<number, { readonly at: number; readonly event: HistoryEvent }>();
  for (const [at, event] of history.entries()) {
    const { process, type, f } = event;
    if (process === 'nemesis') continue;
    const begun = open.get(process);
    if (type === 'invoke') {
      if (begun !== undefined) throw new Error(`process ${process} calls twice, at ${at}`);
      open.set(process, { at, event });
    } else if (begun?.event.f === f) {
      open.delete(process);
      calls.push(callOf(begun.event, begun.at, event, at));
    } else if (type !== 'info') {
      throw new Error(`event ${at} of process ${process} answers no call of ${f}`);
    }
  }
  for (const { at, event } of open.values()) calls.push(callOf(event, at, undefined, 0));
  return calls.sort((a, b) => a.callIndex - b.callIndex);
}

function callOf(
  invoked: HistoryEvent,
  callIndex: number,
  answer: HistoryEvent | undefined,
  at: number,
): Call {
  const { process, f, key, value, time } = invoked;
  const type = answer?.type ?? 'info';
  const isKnown = answer !== undefined && type !== 'info';
  return {
    process: process === 'nemesis' ? -1 : process,
    f,
    key,
    input: value,
    outcome: type === 'invoke' ? 'info' : type,
    output: answer?.value ?? null,
    error: answer?.error ?? '',
    detail: answer?.detail,
    revision: answer?.revision ?? 0,
    node: answer?.node ?? invoked.node ?? '',
    calledAt: time,
    returnedAt: isKnown ? answer.time : Number.POSITIVE_INFINITY,
    callIndex,
    returnIndex: isKnown ? at : Number.POSITIVE_INFINITY,
  };
}

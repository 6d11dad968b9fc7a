import { type TraceEvent, traceJson, traceText } from '@quorate/sim';
import type { TraceOptions } from './options.ts';

/** Prints the events that are asked for, one a line. Strikes are always of interest. */
export function tracePrinter(
  options: TraceOptions,
  print: (line: string) => void,
): (event: TraceEvent) => void {
  const { format, node, group, fromMs } = options;
  const lineOf = format === 'json' ? traceJson : traceText;
  return (event) => {
    if (event.atMs < fromMs) return;
    if (event.kind !== 'strike' && node !== null && event.node !== node) return;
    if (event.kind === 'turn' && group !== null && event.group !== group) return;
    print(lineOf(event));
  };
}

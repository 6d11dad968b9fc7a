import type { AppliedEntry } from '@quorate/base';
import { CommandKind } from './etcd-command.ts';

/** Of a trace's id (W3C Trace Context), which goes first. */
export const traceIdBytes = 16;
/** Of the id of the span which the command came from. */
export const spanIdBytes = 8;

const contextBytes = traceIdBytes + spanIdBytes;
const headBytes = 1 + contextBytes;

/**
 * Puts the trace that a command belongs to in front of it, so that every member that writes the
 * entry knows of it.
 *
 * @param context trace id and span id; undefined: the command is not traced, and stays as it is
 * @param maxBytes a command that would be longer stays as it is too
 */
export function withTrace(
  command: Uint8Array,
  context: Uint8Array | undefined,
  maxBytes: number,
): Uint8Array {
  if (context === undefined || headBytes + command.length > maxBytes) return command;
  const traced = new Uint8Array(headBytes + command.length);
  traced[0] = CommandKind.traced;
  traced.set(context, 1);
  traced.set(command, headBytes);
  return traced;
}

/** @returns a view of trace id and span id, or null when the command carries none */
export function traceOf(command: Uint8Array): Uint8Array | null {
  return isTraced(command) ? command.subarray(1, headBytes) : null;
}

/** The entry as it would be without its trace: what it does must not depend on one. */
export function withoutTrace(entry: AppliedEntry): AppliedEntry {
  if (!isTraced(entry.command)) return entry;
  const { index, term, timestampMicros, command } = entry;
  return { index, term, timestampMicros, command: command.subarray(headBytes) };
}

function isTraced(command: Uint8Array): boolean {
  return command[0] === CommandKind.traced && command.length > headBytes;
}

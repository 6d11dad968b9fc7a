import { type HistoryEvent, type Json, plain } from './history-event.ts';

/** @returns the event as Jepsen writes one: a map in EDN, on one line */
export function ednLine(event: HistoryEvent, index: number): string {
  const { process, type, f, key, value, time, node, revision, error, detail } = event;
  const fields = [
    `:index ${index}`,
    `:type :${type}`,
    `:process ${process === 'nemesis' ? ':nemesis' : process}`,
    `:f :${f}`,
    `:key ${edn(key)}`,
    `:value ${ednValue(f, value)}`,
    `:time ${time}`,
  ];
  if (node !== undefined) fields.push(`:node ${edn(node)}`);
  if (revision !== undefined) fields.push(`:revision ${revision}`);
  if (error !== undefined) fields.push(`:error ${edn(error)}`);
  if (detail !== undefined) fields.push(`:detail ${edn(detail)}`);
  return `{${fields.join(', ')}}`;
}

/** The parts of a transaction begin with keywords, as Elle wants them. */
function ednValue(f: string, value: Json): string {
  if (f !== 'txn' || !Array.isArray(value)) return edn(value);
  const parts = (value as readonly Json[]).map((part) => {
    const [kind, ...rest] = Array.isArray(part) ? (part as readonly Json[]) : [part];
    return `[:${plain(kind)} ${rest.map(edn).join(' ')}]`;
  });
  return `[${parts.join(' ')}]`;
}

function edn(json: Json): string {
  if (json === null) return 'nil';
  if (typeof json === 'string') return ednText(json);
  if (typeof json !== 'object') return String(json);
  if (Array.isArray(json)) return `[${(json as readonly Json[]).map(edn).join(' ')}]`;
  const entries = Object.entries(json as Readonly<Record<string, Json>>);
  return `{${entries.map(([name, value]) => `:${keyword(name)} ${edn(value)}`).join(', ')}}`;
}

function keyword(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** EDN knows fewer escapes than JSON; what is no printable ASCII is written as \uXXXX in both. */
function ednText(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

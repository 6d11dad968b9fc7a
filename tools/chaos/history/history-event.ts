/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** `invoke` and then exactly one of the others for a call; `info` alone for what is not a call. */
export type EventType = 'invoke' | 'ok' | 'fail' | 'info';

/**
 * One line of a history; docs/internals/chaos.md says what `value` is for each `f`. Lines stand in
 * the order in which they happened, and `time` is nanoseconds since the beginning of the run by one
 * monotonic clock.
 */
export interface HistoryEvent {
  readonly process: number | 'nemesis';
  readonly type: EventType;
  readonly f: string;
  readonly key: string | null;
  readonly value: Json;
  readonly time: number;
  /** The member that was asked. */
  readonly node?: string;
  /** The store's revision that the answer is of. */
  readonly revision?: number;
  /** Of a `fail` or an `info`: what the client was told. `compare`: the comparison did not hold. */
  readonly error?: string;
  /** More of the answer. */
  readonly detail?: Json;
}

/** A version of a key: as in a watch's event or a range's answer. */
export interface KeyVersion {
  readonly key: string;
  /** null: deleted. */
  readonly value: string | null;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 16 hex digits; empty: none. */
  readonly lease: string;
}

export interface SeenEvent extends KeyVersion {
  /** The version before, where the watch asked for it; null: none. */
  readonly previous?: KeyVersion | null;
}

/** Keys and values are short texts, written as rows to keep histories small. */
export function versionToJson(version: KeyVersion): Json {
  const { key, value, createRevision, modRevision, version: count, lease } = version;
  return [key, value, modRevision, createRevision, count, lease];
}

export function versionFromJson(json: Json | undefined): KeyVersion {
  const [key, value, modRevision, createRevision, version, lease] = listOf(json);
  return {
    key: textOf(key),
    value: value === null ? null : textOf(value),
    modRevision: numberOf(modRevision),
    createRevision: numberOf(createRevision),
    version: numberOf(version),
    lease: textOf(lease),
  };
}

export function eventToJson(event: SeenEvent): Json {
  const { previous } = event;
  const row = listOf(versionToJson(event));
  if (previous === undefined) return row;
  return [...row, previous === null ? null : versionToJson(previous)];
}

export function eventFromJson(json: Json): SeenEvent {
  const row = listOf(json);
  const version = versionFromJson(row);
  if (row.length < 7) return version;
  return { ...version, previous: row[6] === null ? null : versionFromJson(row[6]) };
}

export function listOf(json: Json | undefined): readonly Json[] {
  if (Array.isArray(json)) return json;
  throw new TypeError(`a list was expected in the history, not ${JSON.stringify(json)}`);
}

export function textOf(json: Json | undefined): string {
  if (typeof json === 'string') return json;
  throw new TypeError(`a text was expected in the history, not ${JSON.stringify(json)}`);
}

export function numberOf(json: Json | undefined): number {
  if (typeof json === 'number') return json;
  throw new TypeError(`a number was expected in the history, not ${JSON.stringify(json)}`);
}

/** As it stands in a message or, of a number or a text, in the store. */
export function plain(json: Json | undefined): string {
  return typeof json === 'string' ? json : JSON.stringify(json ?? null);
}

/** @returns the field of an object, undefined when it has none */
export function fieldOf(json: Json | undefined, name: string): Json | undefined {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  return (json as Readonly<Record<string, Json>>)[name];
}

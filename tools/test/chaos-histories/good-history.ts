import {
  eventToJson,
  type HistoryEvent,
  type Json,
  type KeyVersion,
  type SeenEvent,
  versionToJson,
} from '../../chaos/history/history-event.ts';

const msToNs = 1e6;

/** A store that makes no mistake, and a pen: together they write histories that must be good. */
class Scribe {
  readonly events: HistoryEvent[] = [];
  readonly store = new Map<string, KeyVersion>();
  readonly seen: SeenEvent[] = [];
  revision = 1;
  #timeMs = 0;

  pass(ms: number): void {
    this.#timeMs += ms;
  }

  note(event: Omit<HistoryEvent, 'time'>): void {
    this.#timeMs += 1;
    this.events.push({ ...event, time: this.#timeMs * msToNs });
  }

  call(
    process: number,
    f: string,
    key: string | null,
    input: Json,
  ): (end: Partial<HistoryEvent>) => void {
    this.note({ process, type: 'invoke', f, key, value: input });
    return (end) =>
      this.note({ process, type: 'ok', f, key, value: input, revision: this.revision, ...end });
  }

  change(key: string, value: string | null, lease = ''): SeenEvent {
    const before = this.store.get(key) ?? null;
    this.revision += 1;
    const isDeleted = value === null;
    const event: SeenEvent = {
      key,
      value,
      createRevision: isDeleted ? 0 : (before?.createRevision ?? this.revision),
      modRevision: this.revision,
      version: isDeleted ? 0 : (before?.version ?? 0) + 1,
      lease,
      previous: before,
    };
    const { previous: _, ...version } = event;
    if (isDeleted) this.store.delete(key);
    else this.store.set(key, version);
    this.seen.push(event);
    return event;
  }
}

/** A short history with something of everything, in which every promise is kept. */
export function goodHistory(): HistoryEvent[] {
  const scribe = new Scribe();
  beginWatch(scribe, 0, 1, true);
  beginWatch(scribe, 90, 2, false);
  useRegisters(scribe);
  useLists(scribe);
  useLease(scribe);
  useLocks(scribe);
  end(scribe);
  return scribe.events;
}

function beginWatch(scribe: Scribe, process: number, watch: number, auditor: boolean): void {
  const asked = { watch, from: 1, previous: true, noDelete: false, auditor };
  const created = scribe.call(process, 'watch', auditor ? '' : 'r/', asked);
  created({ value: { watch, from: 1 }, revision: 1 });
}

/** Tells both watches what has happened since it last did. */
function tell(scribe: Scribe): void {
  const fresh = scribe.seen.splice(0);
  for (const [process, watch, prefix] of [
    [0, 1, ''],
    [90, 2, 'r/'],
  ] as const) {
    const events = fresh.filter(({ key }) => key.startsWith(prefix));
    const f = events.length > 0 ? 'watch-events' : 'watch-progress';
    const value = { watch, events: events.map(eventToJson) };
    scribe.note({ process, type: 'info', f, key: prefix, value, revision: scribe.revision });
  }
}

function useRegisters(scribe: Scribe): void {
  for (let value = 1; value <= 6; value += 2) {
    const written = scribe.call(1, 'write', 'r/1', value);
    scribe.change('r/1', `${value}`);
    written({});
    const read = scribe.call(2, 'read', 'r/1', null);
    read({ value, detail: versionToJson(scribe.store.get('r/1') as KeyVersion) });
    const compared = scribe.call(3, 'cas', 'r/1', [value, value + 1]);
    scribe.change('r/1', `${value + 1}`);
    compared({});
    const refused = scribe.call(3, 'cas', 'r/1', [value, 100 + value]);
    refused({ type: 'fail', error: 'compare' });
  }
  const lost = scribe.call(4, 'write', 'r/1', 50);
  lost({ type: 'info', error: 'unknown' });
  const failed = scribe.call(5, 'write', 'r/1', 51);
  failed({ type: 'fail', error: 'no leader' });
  tell(scribe);
}

function useLists(scribe: Scribe): void {
  for (let element = 1; element <= 3; element++) {
    const reads: Json = ['r', 't/2', null];
    const appended = scribe.call(6, 'txn', null, [['append', 't/1', element], reads]);
    const before = scribe.store.get('t/1')?.value;
    scribe.change('t/1', before === undefined ? `${element}` : `${before} ${element}`);
    appended({
      value: [
        ['append', 't/1', element],
        ['r', 't/2', []],
      ],
    });
  }
  tell(scribe);
}

function useLease(scribe: Scribe): void {
  const lease = '00000000000000a1';
  scribe.call(7, 'grant', null, { ttl: 2 })({ value: { lease, ttl: 2 } });
  const attached = scribe.call(7, 'attach', 'l/1', { lease, value: 'a1.0' });
  scribe.change('l/1', 'a1.0', lease);
  attached({});
  tell(scribe);
  scribe.pass(1500);
  scribe.call(7, 'keepalive', null, { lease })({ value: { lease, ttl: 2 } });
  scribe.pass(2100);
  scribe.change('l/1', null);
  tell(scribe);
  scribe.call(7, 'keepalive', null, { lease })({ value: { lease, ttl: 0 } });
}

function useLocks(scribe: Scribe): void {
  for (const process of [8, 9]) {
    const lease = `00000000000000b${process}`;
    const value = `${process}.1`;
    scribe.call(process, 'grant', null, { ttl: 3 })({ value: { lease, ttl: 3 } });
    const acquired = scribe.call(process, 'acquire', 'm/0', { lease, value });
    const { modRevision: fence } = scribe.change('m/0', value, lease);
    acquired({});
    const wrote = scribe.call(process, 'fenced', 'f/0', { lock: 'm/0', fence, value });
    scribe.change('f/0', value);
    wrote({});
    const released = scribe.call(process, 'release', 'm/0', { lease, value });
    scribe.change('m/0', null);
    released({});
    scribe.call(process, 'revoke', null, { lease })({});
  }
  tell(scribe);
}

function end(scribe: Scribe): void {
  for (const node of ['n1', 'n2']) {
    const event = { process: 'nemesis', type: 'info', key: null, node } as const;
    const { revision } = scribe;
    const value = [...scribe.store.values()].map(versionToJson);
    scribe.note({ ...event, f: 'final-read', value, revision });
    scribe.note({ ...event, f: 'final-hash', value: { hash: 7, compacted: 0 }, revision });
    scribe.note({ ...event, f: 'final-leases', value: [], revision });
  }
}

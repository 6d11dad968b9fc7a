import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, present, type Timers } from '@quorate/base';
import { encodeCommand, type KvCommand, KvStateMachine, type Operation } from '@quorate/kv';
import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import type { StreamListener } from '@quorate/server/core';
import fc from 'fast-check';
import { WatchService, type WatchTuning } from '../../../src/core/watch/watch-service.ts';
import { string, text } from '../called-service.ts';

const toTheEnd = new Uint8Array(1);

interface ModelEvent {
  readonly revision: number;
  readonly key: string;
  readonly value: string | null;
  readonly before: string | null;
}

interface ModelWatch {
  readonly key: string;
  readonly end: string;
  readonly start: number;
  readonly filters: readonly number[];
  readonly prevKv: boolean;
  readonly fragment: boolean;
  readonly told: ModelEvent[];
  /** Everything up to here has been told, as the last answer said. */
  bookmark: number;
  pending: ModelEvent[];
  state: 'live' | 'cancelled' | { readonly compacted: number };
}

/** What happened, as a list: a watch is a filter of it. */
class Model {
  readonly events: ModelEvent[] = [];
  readonly values = new Map<string, string>();
  revision = 1;
  compacted = -1;

  write(changes: readonly (readonly [key: string, value: string | null])[]): void {
    const real = changes.filter(([key, value]) => value !== null || this.values.has(key));
    if (real.length === 0) return;
    this.revision++;
    for (const [key, value] of real) {
      const before = this.values.get(key) ?? null;
      this.events.push({ revision: this.revision, key, value, before });
      if (value === null) this.values.delete(key);
      else this.values.set(key, value);
    }
  }

  wanted(watch: ModelWatch): ModelEvent[] {
    return this.events.filter(
      ({ revision, key, value }) =>
        revision >= watch.start &&
        matches(watch, key) &&
        !watch.filters.includes(value === null ? 1 : 0),
    );
  }
}

function matches({ key: start, end }: ModelWatch, key: string): boolean {
  if (end === '') return key === start;
  if (compareBytes(text(key), text(start)) < 0) return false;
  return end === '\0' || compareBytes(text(key), text(end)) < 0;
}

/** A stream of watches that is checked as it speaks. */
class CheckedStream {
  readonly watches = new Map<bigint, ModelWatch>();
  readonly gone: ModelWatch[] = [];
  room = Number.POSITIVE_INFINITY;
  bytesSinceRefusal = 0;
  readonly #world: World;
  readonly #listener: StreamListener;
  readonly #asked: ModelWatch[] = [];

  constructor(world: World) {
    this.#world = world;
    const [, method] = present(world.service.methods()[0], 'there is a method');
    this.#listener = method({
      context: { requireLeader: false, token: '', commonName: '' },
      send: (bytes) => this.#receive(bytes),
      end: (error) => assert.fail(`the stream ended: ${error?.message}`),
    });
  }

  create(watch: ModelWatch): void {
    this.#asked.push(watch);
    const { key, end, start, filters, prevKv, fragment } = watch;
    this.#ask({
      createRequest: {
        key: text(key),
        rangeEnd: end === '\0' ? toTheEnd : text(end),
        startRevision: start,
        filters,
        prevKv,
        fragment,
      },
    });
  }

  cancel(which: number): void {
    const ids = [...this.watches.keys()];
    const watchId = ids[which % ids.length];
    if (watchId !== undefined) this.#ask({ cancelRequest: { watchId } });
  }

  progress(): void {
    this.#ask({ progressRequest: {} });
  }

  drain(room: number): void {
    this.room = room;
    this.bytesSinceRefusal = 0;
    this.#listener.drained();
  }

  #ask(request: Init<etcd.WatchRequest>): void {
    this.#listener.message(encodeMessage(etcd.WatchRequest, request));
  }

  #receive(bytes: Uint8Array): boolean {
    const answer = present(decodeMessage(etcd.WatchResponse, bytes), 'it is well-formed');
    const watch = this.watches.get(answer.watchId);
    // The fragments of one answer go together.
    const isBegun = watch !== undefined && watch.pending.length > 0;
    if (answer.events.length > 0 && this.room <= 0 && !isBegun) {
      assert.ok(
        this.bytesSinceRefusal < this.#world.tuning.queueBytes,
        'no events are sent to a reader that has its share waiting',
      );
    }
    this.room--;
    if (this.room <= 0) this.bytesSinceRefusal += bytes.length;
    const revision = answer.header?.revision ?? 0;
    if (answer.created) this.#created(answer.watchId, revision);
    else if (answer.watchId === -1n) this.#progressed(revision);
    else if (answer.canceled) this.#cancelled(answer);
    else this.#told(present(watch, 'only watches that are there are told'), answer, revision);
    return this.room > 0;
  }

  #created(id: bigint, revision: number): void {
    const watch = present(this.#asked.shift(), 'a watch is announced once');
    const start = watch.start === 0 ? revision + 1 : watch.start;
    assert.equal(revision, this.#world.machine.stats.revision);
    this.watches.set(id, { ...watch, start, bookmark: start - 1 });
  }

  #progressed(revision: number): void {
    for (const watch of this.watches.values()) this.#checkBookmark(watch, revision);
  }

  #cancelled({ watchId, compactRevision }: etcd.WatchResponse): void {
    const watch = present(this.watches.get(watchId), 'it was there');
    watch.state = compactRevision === 0 ? 'cancelled' : { compacted: compactRevision };
    this.watches.delete(watchId);
    this.gone.push(watch);
  }

  #told(watch: ModelWatch, answer: etcd.WatchResponse, revision: number): void {
    assert.ok(answer.fragment || answer.events.length > 0);
    for (const event of answer.events) {
      const kv = present(event.kv, 'an event has a key');
      const isPut = event.type === etcd.EventType.PUT;
      watch.pending.push({
        revision: kv.modRevision,
        key: string(kv.key),
        value: isPut ? string(kv.value) : null,
        before: event.prevKv === null ? null : string(event.prevKv.value),
      });
    }
    if (answer.fragment) {
      assert.ok(watch.fragment);
      return;
    }
    watch.told.push(...watch.pending);
    watch.pending = [];
    this.#checkBookmark(watch, revision);
  }

  /** Every event up to it has been told, and none beyond: so no revision is ever cut. */
  #checkBookmark(watch: ModelWatch, revision: number): void {
    const { model } = this.#world;
    assert.ok(revision >= watch.bookmark || watch.told.length === 0, 'bookmarks go forward');
    watch.bookmark = Math.max(watch.bookmark, revision);
    const wanted = model.wanted(watch).filter((event) => event.revision <= revision);
    checkTold(watch, wanted, model.compacted);
  }
}

function checkTold(watch: ModelWatch, wanted: readonly ModelEvent[], compacted: number): void {
  const plain = ({ revision, key, value }: ModelEvent): string => `${key}=${value}@${revision}`;
  assert.deepEqual(watch.told.map(plain), wanted.map(plain));
  watch.told.forEach(({ before, revision }, at) => {
    if (!watch.prevKv) assert.equal(before, null);
    else if (before !== null || revision > compacted) assert.equal(before, wanted[at]?.before);
  });
}

class World {
  readonly model = new Model();
  /** Whatever is written is applied here; the watched machine may lag behind. */
  readonly leader = new KvStateMachine();
  readonly machine = new KvStateMachine();
  readonly service: WatchService;
  readonly streams: CheckedStream[] = [];
  readonly tuning: WatchTuning;
  readonly #deferred: (() => void)[] = [];
  #missed: Uint8Array[] | null = null;

  constructor(tuning: WatchTuning, streams: number) {
    this.tuning = tuning;
    const timers: Timers = {
      after: () => ({ cancel: () => undefined }),
      defer: (callback) => this.#deferred.push(callback),
    };
    this.service = new WatchService({
      identity: { clusterId: 1n, memberId: 2n },
      feed: this.machine.changes,
      timers,
      raftTerm: () => 3,
      tuning,
    });
    for (let at = 0; at < streams; at++) this.streams.push(new CheckedStream(this));
  }

  execute(commands: readonly KvCommand[]): void {
    const bytes = commands.map(encodeCommand);
    apply(this.leader, bytes);
    if (this.#missed === null) apply(this.machine, bytes);
    else this.#missed.push(...bytes);
  }

  compact(back: number): void {
    const revision = this.model.revision - back;
    if (revision <= this.model.compacted) return;
    this.model.compacted = revision;
    this.execute([{ kind: 'compact', revision }]);
  }

  cutOff(): void {
    this.#missed ??= [];
  }

  /** What was missed comes at once, or a snapshot of all. */
  rejoin(bySnapshot: boolean): void {
    const missed = this.#missed;
    this.#missed = null;
    if (missed === null) return;
    if (!bySnapshot) {
      apply(this.machine, missed);
      return;
    }
    const sink = this.machine.restore();
    for (const chunk of drawn(this.leader)) sink.chunk(chunk);
    sink.finish();
  }

  turn(): boolean {
    const callback = this.#deferred.shift();
    callback?.();
    return callback !== undefined;
  }

  /** Everybody reads; in the end each watch has been told all that it wants, or is compacted. */
  finish(): void {
    this.rejoin(false);
    for (const stream of this.streams) stream.drain(Number.POSITIVE_INFINITY);
    let turns = 0;
    while (this.turn()) assert.ok(++turns < 10_000, 'it comes to rest');
    for (const { watches, gone } of this.streams) {
      for (const watch of watches.values()) {
        checkTold(watch, this.model.wanted(watch), this.model.compacted);
      }
      for (const watch of gone) this.#checkGone(watch);
    }
  }

  #checkGone(watch: ModelWatch): void {
    const wanted = this.model.wanted(watch);
    checkTold(watch, wanted.slice(0, watch.told.length), this.model.compacted);
    if (typeof watch.state !== 'object') return;
    const { compacted } = watch.state;
    const reached = watch.told.at(-1)?.revision ?? watch.start - 1;
    assert.ok(reached < compacted && compacted <= this.model.compacted, 'it was behind');
  }
}

function apply(machine: KvStateMachine, commands: readonly Uint8Array[]): void {
  machine.apply(commands.map((command) => ({ index: 1, term: 1, timestampMicros: 1, command })));
}

function drawn(machine: KvStateMachine): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const snapshot = machine.snapshot();
  for (let next = snapshot.next(); !next.done; next = snapshot.next()) chunks.push(next.value);
  return chunks;
}

function putOf(key: string, value: string): Operation & KvCommand {
  const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
  return { kind: 'put', key: text(key), value: text(value), ...flags };
}

const keys = ['a', 'b', 'c', 'ca', 'd'];
const key = fc.constantFrom(...keys);
const end = fc.constantFrom('', '', '', 'b', 'c', 'e', '\0');
const stream = fc.nat(2);

type Step = (world: World, at: number) => void;

const put: fc.Arbitrary<Step> = fc.tuple(key, fc.nat(20)).map(([name, length]) => (world, at) => {
  const value = `${at}`.padEnd(length, '.');
  world.model.write([[name, value]]);
  world.execute([putOf(name, value)]);
});

const deleteRange: fc.Arbitrary<Step> = fc.tuple(key, end).map(([name, to]) => (world) => {
  const range = { key: name, end: to } as ModelWatch;
  const doomed = [...world.model.values.keys()].filter((one) => matches(range, one)).sort();
  world.model.write(doomed.map((one) => [one, null]));
  const rangeEnd = to === '\0' ? toTheEnd : text(to);
  world.execute([{ kind: 'deleteRange', key: text(name), rangeEnd, prevKv: false }]);
});

const txn: fc.Arbitrary<Step> = fc
  .uniqueArray(key, { minLength: 1 })
  .map((names) => (world, at) => {
    world.model.write(names.map((name) => [name, `t${at}`]));
    const success = names.map((name) => putOf(name, `t${at}`));
    world.execute([{ kind: 'txn', compares: [], success, failure: [] }]);
  });

const create: fc.Arbitrary<Step> = fc
  .tuple(stream, key, end, fc.integer({ min: -3, max: 12 }), fc.subarray([0, 1]), fc.nat(7))
  .map(([which, name, to, back, filters, flags]) => (world) => {
    if (to !== '' && to !== '\0' && to <= name) return;
    const start = back === 0 ? 0 : Math.max(1, world.machine.stats.revision - back);
    world.streams[which]?.create({
      key: name,
      end: to,
      start,
      filters: flags < 2 ? filters : [],
      prevKv: flags % 2 === 1,
      fragment: flags > 4,
      told: [],
      bookmark: 0,
      pending: [],
      state: 'live',
    });
  });

const turn: fc.Arbitrary<Step> = fc.constant((world) => void world.turn());

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: put, weight: 8 },
  { arbitrary: deleteRange, weight: 2 },
  { arbitrary: txn, weight: 3 },
  { arbitrary: create, weight: 4 },
  { arbitrary: turn, weight: 8 },
  fc.nat(6).map((back) => (world: World) => world.compact(back)),
  fc.tuple(stream, fc.nat(9)).map(
    ([which, at]) =>
      (world: World) =>
        world.streams[which]?.cancel(at),
  ),
  stream.map((which) => (world: World) => world.streams[which]?.progress()),
  fc.tuple(stream, fc.integer({ min: 1, max: 4 })).map(
    ([which, room]) =>
      (world: World) =>
        world.streams[which]?.drain(room),
  ),
  fc.constant((world: World) => world.cutOff()),
  fc.boolean().map((bySnapshot) => (world: World) => world.rejoin(bySnapshot)),
);

const tuning: fc.Arbitrary<WatchTuning> = fc.record({
  progressIntervalMs: fc.constant(1000),
  fragmentBytes: fc.integer({ min: 40, max: 400 }),
  queueBytes: fc.integer({ min: 200, max: 400 }),
  slice: fc.record({
    changes: fc.integer({ min: 1, max: 8 }),
    bytes: fc.integer({ min: 1, max: 400 }),
  }),
});

test('watches are ordered, unique, reliable, atomic, resumable and bookmarkable', () => {
  const runs = fc.property(tuning, fc.array(step, { maxLength: 80, size: 'max' }), (how, steps) => {
    const world = new World(how, 3);
    steps.forEach((one, at) => {
      one(world, at);
    });
    world.finish();
  });
  fc.assert(runs, { numRuns: 600 });
});

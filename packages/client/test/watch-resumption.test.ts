import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect } from '@quorate/client';
import fc from 'fast-check';
import { FakeCluster, wordsOf } from './support/fake-cluster.ts';
import type { FakeWatchStream } from './support/fake-watch-stream.ts';
import { settle, VirtualTime } from './support/virtual-time.ts';

const watchPath = '/etcdserverpb.Watch/Watch';
const keys = ['a', 'ka', 'kb', 'kc', 'z'];

type Step =
  | { readonly kind: 'change'; readonly keys: readonly string[]; readonly isDeletion: boolean }
  | { readonly kind: 'cut' | 'halfOpen' | 'hold' | 'release' | 'progress' | 'replay' }
  | { readonly kind: 'down' | 'up'; readonly address: string }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'read'; readonly watch: number; readonly count: number }
  | { readonly kind: 'split'; readonly events: number }
  | { readonly kind: 'breakOff'; readonly arriving: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      keys: fc.uniqueArray(fc.constantFrom(...keys), { minLength: 1, maxLength: 4 }),
      isDeletion: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constantFrom(
      ...(['cut', 'halfOpen', 'hold', 'release', 'progress', 'replay'] as const),
    ),
  }),
  fc.record({
    kind: fc.constantFrom(...(['down', 'up'] as const)),
    address: fc.constantFrom('a:1', 'b:1'),
  }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
  fc.record({
    kind: fc.constant('read' as const),
    watch: fc.integer({ min: 0, max: 2 }),
    count: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    kind: fc.constant('breakOff' as const),
    arriving: fc.integer({ min: 0, max: 8 }),
  }),
  fc.record({ kind: fc.constant('split' as const), events: fc.integer({ min: 1, max: 3 }) }),
);

/** Three watches of one client: all keys, a prefix with a small buffer, one key without puts. */
class Watching {
  readonly time = new VirtualTime();
  readonly cluster = new FakeCluster();
  readonly seen: string[][] = [[], [], []];
  readonly client = connect({
    endpoints: ['a:1', 'b:1'],
    ports: {
      transport: this.cluster,
      clock: this.time.clock,
      timers: this.time.timers,
      random: () => 0.5,
    },
  });
  readonly watches = [
    this.client.watch('', { prefix: true, fromRevision: 1 }),
    this.client.watch('k', { prefix: true, fromRevision: 1, bufferBytes: 400 }),
    this.client.watch('ka', { fromRevision: 2, filters: ['noPut'] }),
  ];
  readonly #old: FakeWatchStream[] = [];

  get streams(): FakeWatchStream[] {
    return this.cluster.open(watchPath) as FakeWatchStream[];
  }

  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'change': {
        const { isDeletion } = step;
        this.cluster.change(step.keys.map((key) => [key, isDeletion ? null : 'v']));
        break;
      }
      case 'advance':
        await this.time.advance(step.ms);
        break;
      case 'read':
        await this.#read(step.watch, step.count);
        break;
      case 'split':
        this.cluster.eventsPerAnswer = step.events;
        break;
      case 'breakOff':
        this.#breakOff(step.arriving);
        break;
      case 'down':
      case 'up':
        this.#power(step.address, step.kind === 'up');
        break;
      default:
        for (const stream of this.streams) this.#disturb(step.kind, stream);
        if (step.kind === 'replay') this.#replay();
    }
    await settle();
  }

  /** Everything works again, and everything is read: what was seen is what happened. */
  async check(): Promise<void> {
    this.cluster.down.clear();
    for (const stream of this.streams) this.cluster.cut(stream);
    await this.time.advance(10_000);
    for (const watch of this.watches.keys()) await this.#read(watch, Number.POSITIVE_INFINITY);
    const all = this.cluster.history.map(({ type, kv }) => {
      return { type, name: new TextDecoder().decode(kv?.key), revision: kv?.modRevision ?? 0, kv };
    });
    const expected = [
      all,
      all.filter(({ name }) => name.startsWith('k')),
      all.filter(({ name, type }) => name === 'ka' && type === 1),
    ].map((events) =>
      events.map(({ type, kv, revision }) => wordsOf(type, kv?.key ?? new Uint8Array(0), revision)),
    );
    assert.deepEqual(this.seen, expected);
  }

  async #read(at: number, count: number): Promise<void> {
    const watch = this.watches[at];
    const seen = this.seen[at];
    for (let read = 0; read < count; read++) {
      const next = watch?.next() ?? assert.fail();
      const result = await Promise.race([next, settle().then(settle)]);
      if (result === undefined) {
        // Whatever comes next is seen too, in its place: reads are answered in order.
        void next.then(
          ({ value }) => value && seen?.push(wordsOf(value.type, value.key, value.revision)),
          () => undefined,
        );
        return;
      }
      const { done, value } = result;
      assert.ok(done !== true, 'a watch goes on');
      seen?.push(wordsOf(value.type, value.key, value.revision));
    }
  }

  /** A change of many keys is under way in pieces, of which only some arrive. */
  #breakOff(arriving: number): void {
    const { eventsPerAnswer } = this.cluster;
    this.cluster.eventsPerAnswer = 1;
    for (const stream of this.streams) stream.isHeld = true;
    this.cluster.change(keys.map((key) => [key, 'many']));
    for (const stream of this.streams) {
      for (const bytes of stream.held.splice(0, arriving)) stream.listener.message(bytes);
      this.cluster.cut(stream);
    }
    this.cluster.eventsPerAnswer = eventsPerAnswer;
  }

  #disturb(
    kind: 'cut' | 'halfOpen' | 'hold' | 'release' | 'progress' | 'replay',
    stream: FakeWatchStream,
  ): void {
    if (kind === 'cut') {
      // Some of what is under way arrives, perhaps one half of a revision.
      for (const bytes of stream.held.splice(0, 1)) stream.listener.message(bytes);
      this.#old.push(stream);
      this.cluster.cut(stream);
    } else if (kind === 'halfOpen') stream.isHalfOpen = true;
    else if (kind === 'hold') stream.isHeld = true;
    else if (kind === 'progress') stream.tellProgress();
    else if (kind === 'release') {
      stream.isHeld = false;
      for (const bytes of stream.held.splice(0)) stream.listener.message(bytes);
    }
  }

  /** What was under way on streams that are gone arrives after all. */
  #replay(): void {
    for (const { held, listener } of this.#old) for (const bytes of held) listener.message(bytes);
  }

  #power(address: string, isUp: boolean): void {
    if (isUp) this.cluster.down.delete(address);
    else {
      this.cluster.down.add(address);
      for (const stream of this.streams) if (stream.address === address) this.cluster.cut(stream);
    }
  }
}

it('tells every event once and in order, whatever happens to streams and servers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (plan) => {
      const watching = new Watching();
      await settle();
      for (const step of plan) await watching.perform(step);
      await watching.check();
      await watching.client.close();
      assert.equal(watching.time.waiting, 0);
    }),
    { numRuns: 150, endOnFailure: true },
  );
});

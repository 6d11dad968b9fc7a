import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Endpoints } from '../../src/calls/endpoints.ts';
import { Tokens } from '../../src/calls/tokens.ts';
import { ClientError } from '../../src/client-error.ts';
import { BatchSession } from '../../src/ledger/batch-session.ts';
import { settle, VirtualTime } from '../support/virtual-time.ts';
import { FakeBatches, type Fate } from './fake-batches.ts';

const addresses = ['a:1', 'b:1', 'c:1'];

/** One client, its time, and the servers. */
class Sending {
  readonly time = new VirtualTime();
  readonly servers = new FakeBatches();
  readonly outcomes: (Uint8Array | ClientError | null)[] = [];
  readonly session: BatchSession;
  #nonces = 0;

  constructor(options: { readonly timeoutMs?: number; readonly followLeader?: boolean } = {}) {
    const { clock, timers } = this.time;
    const ports = { transport: this.servers, clock, timers, random: () => 0.5 };
    const endpoints = new Endpoints(addresses, this.servers);
    this.session = new BatchSession({
      context: { endpoints, ports, tokens: new Tokens(null) },
      timeoutMs: options.timeoutMs ?? 30_000,
      ttlMs: 60_000,
      followLeader: options.followLeader ?? true,
      nonce: () => new Uint8Array(16).fill(++this.#nonces),
      settled: () => undefined,
    });
  }

  /** Batch number `outcomes.length`. */
  submit(): void {
    const at = this.outcomes.push(null) - 1;
    this.session.submit('transfers', Uint8Array.of(at)).then(
      (results) => {
        this.outcomes[at] = results;
      },
      (error: ClientError) => {
        this.outcomes[at] = error;
      },
    );
  }

  timesApplied(batch: number): number {
    return this.servers.applied.filter((one) => one === batch).length;
  }

  codes(): (string | number | null)[] {
    return this.outcomes.map((one) => (one instanceof ClientError ? one.code : (one?.[1] ?? null)));
  }
}

test('batches are carried out in their order and answered', async () => {
  const sending = new Sending();
  for (let at = 0; at < 20; at++) sending.submit();
  await sending.time.advance(100);
  assert.deepEqual(
    sending.servers.applied,
    Array.from({ length: 20 }, (_, at) => at),
  );
  assert.equal(sending.session.count, 0);
  assert.equal(sending.servers.sessions.size, 1);
});

test('an answer that was lost with its stream comes again, and nothing happens twice', async () => {
  const sending = new Sending();
  sending.servers.fates = ['applied', 'lost'];
  sending.submit();
  await sending.time.advance(1000);
  assert.deepEqual(sending.servers.applied, [0]);
  assert.deepEqual(sending.codes(), [1]);
});

test('batches go to the leader, and follow it', async () => {
  const sending = new Sending();
  sending.servers.leader = 'c:1';
  sending.submit();
  await sending.time.advance(1000);
  const open = (): string[] =>
    sending.servers.streams.filter(({ isOver }) => !isOver).map(({ address }) => address);
  assert.deepEqual(open(), ['c:1']);
  sending.servers.lead('b:1');
  sending.submit();
  await sending.time.advance(5000);
  assert.deepEqual(open(), ['b:1']);
  assert.deepEqual(sending.codes(), [1, 2]);
});

test('a follower serves when the leader is none of the endpoints', async () => {
  const sending = new Sending();
  sending.servers.leader = 'z:1';
  sending.submit();
  await sending.time.advance(5000);
  assert.deepEqual(sending.codes(), [1]);
});

test('a session that has ended leaves what was sent open, and another begins', async () => {
  const sending = new Sending();
  sending.submit();
  await sending.time.advance(1000);
  sending.servers.fates = ['unknownApplied'];
  sending.servers.maxInFlight = 2;
  sending.submit();
  sending.submit();
  sending.servers.expireSessions();
  await sending.time.advance(5000);
  sending.submit();
  await sending.time.advance(5000);
  assert.equal(sending.codes()[1], 'CLIENT_OUTCOME_UNKNOWN');
  assert.equal(typeof sending.codes()[3], 'number');
});

test('the session is kept while nothing is sent, and closed with the client', async () => {
  const sending = new Sending();
  sending.submit();
  await sending.time.advance(1000);
  const { requests } = sending.servers;
  await sending.time.advance(100_000);
  assert.ok(sending.servers.requests >= requests + 4);
  const closed = sending.session.close();
  await sending.time.advance(1000);
  await closed;
  assert.equal(sending.servers.sessions.size, 0);
});

test('what no server took in time has not happened, what was sent may have', async () => {
  const sending = new Sending({ timeoutMs: 5000 });
  for (const address of addresses) sending.servers.down.add(address);
  sending.submit();
  await sending.time.advance(6000);
  assert.deepEqual(sending.codes(), ['CLIENT_UNREACHABLE']);
  sending.servers.down.clear();
  sending.servers.fates = ['applied', ...new Array<Fate>(1000).fill('unknown')];
  sending.submit();
  await sending.time.advance(20_000);
  assert.equal(sending.codes()[1], 'CLIENT_OUTCOME_UNKNOWN');
  assert.equal(sending.timesApplied(1), 0);
});

test('a closed client takes nothing, and what was sent is open', async () => {
  const sending = new Sending();
  sending.servers.fates = ['applied', 'unknown'];
  sending.submit();
  await settle();
  const closed = sending.session.close();
  await sending.time.advance(1000);
  await closed;
  sending.submit();
  await settle();
  assert.deepEqual(sending.codes().at(-1), 'CLIENT_CLOSED');
});

type Step =
  | { readonly kind: 'submit'; readonly count: number }
  | { readonly kind: 'cut' | 'down' | 'up' | 'lead'; readonly address: string }
  | { readonly kind: 'fates'; readonly fates: Fate[] }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'expire' | 'catchUp' };

const address = fc.constantFrom(...addresses);
const fate = fc.constantFrom<Fate>(
  ...(['applied', 'lost', 'refused', 'unknown', 'unknownApplied', 'late'] as const),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('submit' as const), count: fc.nat(6) }) },
  fc.record({ kind: fc.constantFrom(...(['cut', 'down', 'up', 'lead'] as const)), address }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fates' as const),
      fates: fc.array(fate, { minLength: 4, maxLength: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.integer({ min: 1, max: 4000 }),
    }),
  },
  fc.record({ kind: fc.constantFrom(...(['expire', 'catchUp', 'catchUp'] as const)) }),
);

async function take(sending: Sending, step: Step): Promise<void> {
  const { servers, time } = sending;
  if (step.kind === 'submit') for (let at = 0; at < step.count; at++) sending.submit();
  else if (step.kind === 'cut') servers.cut(step.address);
  else if (step.kind === 'down') {
    servers.down.add(step.address);
    servers.cut(step.address);
  } else if (step.kind === 'up') servers.down.delete(step.address);
  else if (step.kind === 'lead') servers.lead(step.address);
  else if (step.kind === 'fates') servers.fates = [...step.fates];
  else if (step.kind === 'advance') await time.advance(step.ms);
  else if (step.kind === 'expire') servers.expireSessions();
  else servers.catchUp();
}

const script = fc.array(steps, { minLength: 15, maxLength: 40 });

test('whatever happens, a batch is carried out once at most, and answered alike', async () => {
  await fc.assert(
    fc.asyncProperty(script, fc.integer({ min: 1, max: 5 }), async (taken, maxInFlight) => {
      const sending = new Sending();
      sending.servers.maxInFlight = maxInFlight;
      for (const step of taken) await take(sending, step);
      sending.servers.down.clear();
      sending.servers.fates = [];
      sending.servers.catchUp();
      await sending.time.advance(60_000);
      for (const [batch, outcome] of sending.outcomes.entries()) {
        const times = sending.timesApplied(batch);
        assert.ok(outcome !== null, `batch ${batch} has an outcome`);
        assert.ok(times <= 1, `batch ${batch} was carried out ${times} times`);
        if (outcome instanceof ClientError) {
          const isNever = outcome.code === 'CLIENT_UNREACHABLE';
          assert.ok(isNever || outcome.code === 'CLIENT_OUTCOME_UNKNOWN', outcome.message);
          if (isNever) assert.equal(times, 0);
        } else {
          assert.deepEqual([...outcome], [batch, sending.servers.applied.indexOf(batch) + 1]);
        }
      }
    }),
    { numRuns: 300 },
  );
});

// Clients, a network that loses, delays and doubts, and one log: exactly once, from end to end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import type { SessionAnswer } from '../../src/sessions/session-answer.ts';
import { SessionClient, type SessionSend } from '../../src/sessions/session-client.ts';
import type { SessionResult } from '../../src/sessions/session-result.ts';
import { bytesOf, Replica } from './support/tally-machine.ts';

interface Later {
  readonly atMs: number;
  readonly run: () => void;
}

interface Submitted {
  readonly name: string;
  outcome: string | null;
}

class Run {
  readonly prng: Prng;
  readonly replica = new Replica();
  readonly submitted: Submitted[] = [];
  readonly outcomes = new Set<string>();
  nowMs = 0;
  healed = false;
  #later: Later[] = [];
  #names = 0;
  #clients = 0;

  constructor(seed: number) {
    this.prng = new Prng(seed);
  }

  newClient(): ClientOfRun {
    this.#clients += 1;
    const client = new SessionClient<string>({
      ttlMs: 1500,
      nonce: new Uint8Array(8).fill(this.#clients),
      maxOutstanding: 6,
      backoff: { minPauseMs: 5, maxPauseMs: 200, prng: this.prng.fork() },
    });
    return new ClientOfRun(this, client);
  }

  name(): string {
    this.#names += 1;
    return this.prng.chance(0.2) ? `${this.prng.below(40)}x-${this.#names}` : `c${this.#names}`;
  }

  after(delayMs: number, run: () => void): void {
    this.#later.push({ atMs: this.nowMs + delayMs, run });
  }

  append(command: Uint8Array): SessionResult<string> {
    return this.replica.machine.apply([this.replica.entry(command)])[0] as SessionResult<string>;
  }

  step(): void {
    const ms = this.prng.between(1, 30);
    this.nowMs += ms;
    this.replica.nowMs += ms;
    if (this.prng.chance(0.01)) this.replica.nowMs += 3_600_000;
    if (this.prng.chance(0.01)) this.replica.term += 1;
    const due = this.#later.filter(({ atMs }) => atMs <= this.nowMs);
    this.#later = this.#later.filter(({ atMs }) => atMs > this.nowMs);
    for (const { run } of due) run();
  }
}

class ClientOfRun {
  readonly client: SessionClient<string>;
  readonly #run: Run;
  readonly #commands = new Map<number, Submitted>();

  constructor(run: Run, client: SessionClient<string>) {
    this.#run = run;
    this.client = client;
  }

  /** Its session is over, and every command has its outcome. */
  get isDone(): boolean {
    const { state } = this.client;
    const isOver = state === 'closed' || state === 'expired';
    return isOver && [...this.#commands.values()].every(({ outcome }) => outcome !== null);
  }

  act(submits: boolean): void {
    const { prng, nowMs } = this.#run;
    if (submits && prng.chance(0.4)) {
      const one = { name: this.#run.name(), outcome: null };
      const deadlineMs = nowMs + (prng.chance(0.3) ? prng.below(300) : 100_000);
      const sequence = this.client.submit(bytesOf(one.name), nowMs, deadlineMs);
      if (sequence !== null) {
        this.#commands.set(sequence, one);
        this.#run.submitted.push(one);
      }
    }
    for (const send of this.client.takeSends(nowMs)) this.#send(send);
    for (const outcome of this.client.takeOutcomes()) {
      const one = this.#commands.get(outcome.sequence);
      assert.ok(one !== undefined && one.outcome === null, 'each command has one outcome');
      one.outcome = outcome.kind;
      this.#run.outcomes.add(outcome.kind);
      if ('reason' in outcome) assert.match(outcome.reason, /^(deadline|sessionExpired)$/);
      if (outcome.kind !== 'applied') continue;
      const at = this.#run.replica.tally.applied.indexOf(one.name) + 1;
      assert.ok(outcome.result.startsWith(`${one.name}#${at}`));
    }
  }

  /** Its attempt meets one of the fates that the runtime and the network have in store. */
  #send({ id, command }: SessionSend): void {
    const run = this.#run;
    const { prng } = run;
    const fate = run.healed ? 0 : prng.below(8);
    const delayMs = prng.below(60);
    const answer = (given: SessionAnswer<string>, afterMs: number): void =>
      run.after(afterMs, () => this.client.answered(id, given, run.nowMs));
    if (fate === 4) {
      answer({ kind: 'notAppended', retryAfterMs: 0 }, delayMs);
    } else if (fate === 5) {
      answer({ kind: 'outcomeUnknown' }, delayMs);
    } else if (fate >= 6) {
      // Given up by the sender, and still on its way to the log; perhaps for very long.
      answer({ kind: 'outcomeUnknown' }, delayMs);
      run.after(delayMs + prng.below(fate === 6 ? 100 : 6000), () => void run.append(command));
    } else {
      run.after(delayMs, () => answer({ kind: 'result', result: run.append(command) }, delayMs));
    }
  }
}

function play(run: Run): void {
  const clients = [run.newClient(), run.newClient()];
  for (let step = 0; step < 400; step++) {
    run.step();
    // Long silences let sessions expire.
    const silent = step % 200 > 120 && step % 200 < 190;
    if (silent) run.append(Uint8Array.of(0x15));
    else for (const one of clients) one.act(true);
    const living = clients.filter(({ client }) => client.state !== 'expired').length;
    if (living < 2) clients.push(run.newClient());
  }
  run.healed = true;
  for (const { client } of clients) client.close();
  for (let step = 0; step < 1500 && !clients.every((one) => one.isDone); step++) {
    run.step();
    for (const one of clients) one.act(false);
  }
  assert.ok(clients.every((one) => one.isDone));
  // What is still on its way arrives after all.
  for (let step = 0; step < 500; step++) run.step();
}

test('whatever the network does, no command is applied twice and no answer is wrong', () => {
  const seen = new Set<string>();
  let acknowledged = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const run = new Run(seed);
    play(run);
    const times = new Map<string, number>();
    for (const name of run.replica.tally.applied) times.set(name, (times.get(name) ?? 0) + 1);
    for (const { name, outcome } of run.submitted) {
      const count = times.get(name) ?? 0;
      const where = `seed ${seed}: ${name} is ${outcome}, applied ${count} times`;
      assert.ok(outcome !== null, where);
      if (outcome === 'notApplied') assert.equal(count, 0, where);
      else if (outcome === 'outcomeUnknown') assert.ok(count <= 1, where);
      else assert.equal(count, 1, where);
      if (outcome === 'applied') acknowledged += 1;
    }
    for (const kind of run.outcomes) seen.add(kind);
  }
  assert.deepEqual([...seen].toSorted(), [
    'answerForgotten',
    'applied',
    'notApplied',
    'outcomeUnknown',
  ]);
  assert.ok(acknowledged > 2000, `${acknowledged} commands were acknowledged`);
});

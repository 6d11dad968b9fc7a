import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, Prng, present, toHex } from '@quorate/base';
import { encodeSessionCommand, type SessionCommand } from '../../src/sessions/session-command.ts';
import { SessionStateMachine } from '../../src/sessions/session-state-machine.ts';
import { PartsMachine, PartsOnDisk } from '../support/parts-machine.ts';
import { drawn, inSession, restoreFrom, textResults } from './support/tally-machine.ts';

const file = 'packages/runtime/test/sessions/session-checkpoints.test.ts';

/** Sessions around a state machine that keeps parts beside its snapshots. */
class PartsReplica {
  readonly machine: SessionStateMachine<string>;
  readonly inner: PartsMachine;
  #index = 0;

  constructor(disk: PartsOnDisk) {
    this.inner = new PartsMachine(disk);
    this.machine = new SessionStateMachine(this.inner, { results: textResults });
  }

  get checkpoints() {
    return present(this.machine.checkpoints, 'a machine around one with checkpoints has some');
  }

  apply(command: SessionCommand): void {
    const index = ++this.#index;
    const entry = { index, term: 1, timestampMicros: 1_000_000 + index };
    this.machine.apply([{ ...entry, command: encodeSessionCommand(command) }]);
  }

  applySome(prng: Prng, count: number): void {
    for (let at = 0; at < count; at++) {
      const text = `${prng.below(1000)}${'x'.repeat(prng.below(30))}`;
      const session = 1 + prng.below(this.#index + 1);
      if (prng.chance(0.2))
        this.apply({
          ...{ kind: 'openSession', ttlMs: 20_000 },
          nonce: new Uint8Array(8 + prng.below(8)).map(() => prng.below(256)),
        });
      else this.apply(inSession(session, 1 + prng.below(5), text));
    }
  }
}

function cut(bytes: Uint8Array, prng: Prng, most: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + prng.below(most + 1);
    pieces.push(bytes.slice(at, end));
    at = Math.min(end, bytes.length);
  }
  return pieces;
}

function expanded(replica: PartsReplica, chunks: readonly Uint8Array[]): Uint8Array {
  const expansion = replica.checkpoints.expand();
  const whole = chunks.flatMap((chunk) => expansion.expand(chunk).map((draw) => draw()));
  expansion.close();
  return concatBytes(whole);
}

test('a checkpoint with all that it refers to is the whole snapshot, however it is cut', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const prng = new Prng(seed);
    const replica = new PartsReplica(new PartsOnDisk());
    replica.applySome(prng, prng.below(60));
    const whole = toHex(concatBytes(drawn(replica.machine.snapshot())));
    const checkpoint = drawn(replica.checkpoints.take(1));
    assert.equal(toHex(expanded(replica, checkpoint)), whole, `replay: seed ${seed} of ${file}`);
    const all = concatBytes(checkpoint);
    for (const most of [1, 3, 7, 100, all.length])
      assert.equal(
        toHex(expanded(replica, cut(all, prng, most))),
        whole,
        `replay: seed ${seed}, ${most}`,
      );
  }
});

test('a checkpoint shows nothing of what is applied while it is drawn', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const prng = new Prng(seed);
    const disk = new PartsOnDisk();
    const replica = new PartsReplica(disk);
    replica.applySome(prng, prng.below(60));
    const whole = toHex(concatBytes(drawn(replica.machine.snapshot())));
    const checkpoint = replica.checkpoints.take(1);
    const chunks: Uint8Array[] = [];
    for (let next = checkpoint.next(); next.done !== true; next = checkpoint.next()) {
      chunks.push(next.value);
      replica.applySome(prng, prng.below(4));
    }
    assert.equal(toHex(expanded(replica, chunks)), whole, `replay: seed ${seed} of ${file}`);
    const restored = new PartsReplica(disk);
    restoreFrom(restored.machine, chunks, 1 + prng.below(50));
    assert.equal(toHex(concatBytes(drawn(restored.machine.snapshot()))), whole);
  }
});

test('what is asked of the checkpoints goes on to the state machine inside', () => {
  const replica = new PartsReplica(new PartsOnDisk());
  replica.applySome(new Prng(1), 10);
  const checkpoint = replica.checkpoints.take(7);
  drawn(checkpoint);
  const answers: (Error | null)[] = [];
  checkpoint.persist((error) => void answers.push(error));
  replica.checkpoints.collect(7);
  assert.deepEqual(answers, [null]);
  assert.deepEqual(replica.inner.events, ['take 7', 'persist', 'persisted 7', 'collect 7']);
  let drained = 0;
  replica.inner.drain = (done) => {
    drained++;
    done();
  };
  const sink = replica.machine.restore();
  sink.drained?.(() => void drained++);
  assert.equal(drained, 2);
});

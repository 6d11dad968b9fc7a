import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Prng } from '@quorate/base';
import { decodeSessionCommand, encodeSessionCommand, PlainCommands } from '@quorate/runtime';

it("plain commands are what any session command is, and are nobody else's", () => {
  const commands = new PlainCommands();
  const prng = new Prng(7);
  const given: Uint8Array[] = [];
  const encoded: Uint8Array[] = [];
  for (let i = 0; i < 500; i++) {
    const length = prng.below(10) === 0 ? prng.below(20_000) : prng.below(300);
    const command = Uint8Array.from({ length }, () => prng.below(256));
    given.push(command.slice());
    encoded.push(commands.encode(command));
    command.fill(0);
  }
  for (const [at, command] of given.entries()) {
    assert.deepEqual(encoded[at], encodeSessionCommand({ kind: 'plain', command }));
    assert.deepEqual(decodeSessionCommand(encoded[at] as Uint8Array), { kind: 'plain', command });
  }
});

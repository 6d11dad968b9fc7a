import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { encodeCommand, type KvCommand, KvStateMachine } from '@quorate/kv';
import { checkStateMachine } from '../../conformance/index.ts';
import { checkedMachine } from '../../src/machines/checked-machine.ts';
import { drawn, restoreFrom } from '../sessions/support/tally-machine.ts';
import { entriesOf } from './support/sum-machine.ts';

const text = new TextEncoder();
const none = new Uint8Array(0);

/** @returns what makes puts with values of up to so many bytes, deletions and compactions */
function kvCommands(maxBytes: number): (count: number, seed: number) => Uint8Array[] {
  return (count, seed) => {
    const prng = new Prng(seed);
    return Array.from({ length: count }, (_, at) => encodeCommand(kvCommand(prng, at, maxBytes)));
  };
}

function kvCommand(prng: Prng, at: number, maxBytes: number): KvCommand {
  const key = text.encode(`key${prng.below(12)}`);
  if (prng.chance(0.1)) return { kind: 'compact', revision: 1 + prng.below(1 + at) };
  if (prng.chance(0.2)) return { kind: 'deleteRange', key, rangeEnd: none, prevKv: true };
  const value = new Uint8Array(prng.below(maxBytes + 1)).fill(at);
  const ignored = { ignoreValue: false, ignoreLease: false };
  return { kind: 'put', key, value, lease: 0n, prevKv: prng.chance(0.5), ...ignored };
}

describe('the key-value store', () => {
  it('keeps the contract of state machines', () => {
    checkStateMachine({ create: () => new KvStateMachine(), commands: kvCommands(20) });
  });

  it('keeps it with snapshots of several chunks', () => {
    const large = { count: 30, seeds: [1], commands: kvCommands(300_000) };
    checkStateMachine({ create: () => new KvStateMachine(), ...large });
  });

  it('runs in checked mode', () => {
    const checked = checkedMachine(() => new KvStateMachine(), { compareEvery: 3 });
    const entries = entriesOf(kvCommands(20)(60, 3));
    for (let at = 0; at < entries.length; at += 4) checked.apply(entries.slice(at, at + 4));
    const restored = checkedMachine(() => new KvStateMachine());
    restoreFrom(restored, drawn(checked.snapshot()), 10_000);
    assert.equal(restored.machine.hash(), checked.machine.hash());
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AppliedEntry, type Prng, toHex } from '@quorate/base';
import { checkUnderFaults } from '@quorate/sim';
import { decodeClaimsCommand, encodeClaimsCommand } from '../../src/core/claims/claims-command.ts';
import { ClaimsMachine } from '../../src/core/claims/claims-machine.ts';
import type { ClaimsCommand, ClaimsResult } from '../../src/core/claims/claims-model.ts';
import type { Position } from '../../src/core/claims/position.ts';
import { attestation, block, digestOf, keyOf, vote } from './drawn.ts';
import { contradiction, type Released } from './slashing-oracle.ts';

/** By key: what any replica, in any of its lives, gave leave to sign; each once. */
type Leave = Map<string, Map<string, Released>>;

class WatchedMachine extends ClaimsMachine {
  readonly leave: Leave;

  constructor(leave: Leave) {
    super();
    this.leave = leave;
  }

  override apply(entries: readonly AppliedEntry[]): readonly ClaimsResult[] {
    const results = super.apply(entries);
    for (const [at, { command: bytes }] of entries.entries()) {
      const command = decodeClaimsCommand(bytes);
      const answer = results[at]?.kind;
      if (command.kind !== 'claim' || (answer !== 'sign' && answer !== 'signed')) continue;
      const released = { position: command.position, content: `${command.digest[0]}` };
      const name = toHex(command.key);
      const ofKey = this.leave.get(name) ?? new Map<string, Released>();
      this.leave.set(name, ofKey);
      ofKey.set(`${Object.values(released.position).join(' ')} ${released.content}`, released);
    }
    return results;
  }
}

/** On a few positions of so many keys that there is always one to be signed for. */
function drawCommand(prng: Prng): Uint8Array {
  const key = keyOf(`validator ${prng.below(40)}`);
  const target = prng.below(5);
  const position: Position = prng.pick([
    block(target),
    attestation(prng.below(target + 1), target),
    vote(target, prng.below(2), prng.between(1, 3)),
  ]);
  const digest = digestOf(prng.between(1, 2));
  const claim: ClaimsCommand = { kind: 'claim', key, position, digest, token: 0n };
  const stored: ClaimsCommand = { ...claim, kind: 'stored', signature: digest };
  return encodeClaimsCommand(prng.chance(0.2) ? stored : claim);
}

describe('claims in a cluster where everything fails', () => {
  it('give leave for nothing that contradicts what any replica ever gave leave for', () => {
    const leave: Leave = new Map();
    let most = 0;
    checkUnderFaults({
      create: () => new WatchedMachine(leave),
      commands: drawCommand,
      invariant: () => contradictionOf(leave),
      seeds: 3,
      onRun: () => {
        most = Math.max(most, leave.size);
        leave.clear();
      },
    });
    assert.ok(most > 20, 'much was signed');
  });
});

function contradictionOf(leave: Leave): string | null {
  for (const [key, released] of leave) {
    const found = contradiction([...released.values()]);
    if (found !== null) return `of key ${key} two claims were accepted: ${describePair(found)}`;
  }
  return null;
}

function describePair(pair: readonly Released[]): string {
  return pair
    .map(({ position, content }) => `${Object.values(position).join(' ')}: ${content}`)
    .join(', ');
}

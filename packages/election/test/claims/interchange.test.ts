import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClaimsMachine } from '../../src/core/claims/claims-machine.ts';
import type { RaiseFloorCommand } from '../../src/core/claims/claims-model.ts';
import { formatInterchange, parseInterchange } from '../../src/core/claims/interchange.ts';
import {
  formatPrivValidatorState,
  parsePrivValidatorState,
} from '../../src/core/claims/priv-validator-state.ts';
import { ElectionError } from '../../src/core/election-error.ts';
import { applyOne, attestation, block, claimOf, digestOf, vote } from './drawn.ts';

const root = new Uint8Array(32).fill(4);
const rootText = `0x${'04'.repeat(32)}`;
const pubkey = `0x${'B8'.repeat(48)}`;
const key = new Uint8Array(48).fill(0xb8);

const good = {
  metadata: { interchange_format_version: '5', genesis_validators_root: rootText },
  data: [
    {
      pubkey,
      signed_blocks: [{ slot: '81952', signing_root: rootText }, { slot: '81951' }],
      signed_attestations: [
        { source_epoch: '2290', target_epoch: '3007', signing_root: rootText },
        { source_epoch: '2291', target_epoch: '3006' },
      ],
    },
  ],
};

/** https://eips.ethereum.org/EIPS/eip-3076: complete, with what may be left out left out. */
const specified = {
  metadata: {
    interchange_format_version: '5',
    genesis_validators_root: '0x04700007fabc8282644aed6d1c7c9e21d38a03a0c4ba193f3afe428824b3a673',
  },
  data: [
    {
      pubkey:
        '0xb845089a1457f811bfc000588fbb4e713669be8ce060ea6be3c6ece09afc3794' +
        '106c91ca73acda5e5457122d58723bed',
      signed_blocks: [
        {
          slot: '81952',
          signing_root: '0x4ff6f743a43f3b4f95350831aeaf0a122a1a392922c45d804280284a69eb850b',
        },
        { slot: '81951' },
      ],
      signed_attestations: [
        {
          source_epoch: '2290',
          target_epoch: '3007',
          signing_root: '0x587d6a4f59a58fe24f406e0502413e77fe1babddee641fda30034ed37ecc884d',
        },
        { source_epoch: '2290', target_epoch: '3008' },
      ],
    },
  ],
};

/** `good` with another value at a path; undefined takes it out. */
function having(path: string, value: unknown): string {
  const copy: unknown = structuredClone(good);
  const names = path.split(/[.[\]]+/).filter((name) => name !== '');
  const last = names.pop() ?? '';
  let at = copy as Record<string, unknown>;
  for (const name of names) at = at[name] as Record<string, unknown>;
  at[last] = value;
  return JSON.stringify(copy);
}

function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof ElectionError && error.code === 'CLAIM_IMPORT_REFUSED');
    const { field } = (error as ElectionError<'CLAIM_IMPORT_REFUSED'>).metadata;
    assert.ok(error.message.includes(field));
    return field;
  }
  throw new assert.AssertionError({ message: 'it was taken' });
}

describe('the slashing-protection interchange', () => {
  it('gives the maximum of each number, whatever entry it stands in', () => {
    assert.deepEqual(parseInterchange(JSON.stringify(good), root), [
      { key, position: block(81_952) },
      { key, position: attestation(2291, 3007) },
    ]);
  });

  it('reads the example of its specification, and that in the minimal form', () => {
    const { genesis_validators_root: genesis } = specified.metadata;
    const ofChain = new Uint8Array(Buffer.from(genesis.slice(2), 'hex'));
    const floors = parseInterchange(JSON.stringify(specified), ofChain);
    const [validator] = specified.data;
    const named = new Uint8Array(Buffer.from((validator?.pubkey ?? '').slice(2), 'hex'));
    assert.deepEqual(floors, [
      { key: named, position: block(81_952) },
      { key: named, position: attestation(2290, 3008) },
    ]);
    const machine = new ClaimsMachine();
    for (const one of floors) applyOne(machine, { kind: 'raiseFloor', generation: 0, ...one });
    const minimal = formatInterchange(machine.all(), ofChain);
    assert.deepEqual(JSON.parse(minimal).data, [
      {
        pubkey: validator?.pubkey,
        signed_blocks: [{ slot: '81952' }],
        signed_attestations: [{ source_epoch: '2290', target_epoch: '3008' }],
      },
    ]);
    assert.deepEqual(parseInterchange(minimal, ofChain), floors);
  });

  it('may name a key more than once, in any case of letters, and members it does not know', () => {
    const more = {
      pubkey: pubkey.toLowerCase(),
      signed_blocks: [{ slot: '90000', comment: 'x' }],
      signed_attestations: [],
    };
    const text = JSON.stringify({ ...good, data: [...good.data, more], also: 1 });
    assert.deepEqual(parseInterchange(text, root)[0], { key, position: block(90_000) });
  });

  it('may have signed nothing', () => {
    const text = having('data', [{ pubkey, signed_blocks: [], signed_attestations: [] }]);
    assert.deepEqual(parseInterchange(text, root), []);
    assert.deepEqual(parseInterchange(having('data', []), root), []);
  });

  it('is refused with the path of the field that is wrong', () => {
    for (const [path, value] of [
      ['metadata', undefined],
      ['metadata', 5],
      ['metadata.interchange_format_version', '4'],
      ['metadata.interchange_format_version', '6'],
      ['metadata.interchange_format_version', '05'],
      ['metadata.interchange_format_version', 5],
      ['metadata.genesis_validators_root', undefined],
      ['metadata.genesis_validators_root', rootText.slice(0, -2)],
      ['metadata.genesis_validators_root', `0x${'05'.repeat(32)}`],
      ['data', undefined],
      ['data', {}],
      ['data[0]', 'x'],
      ['data[0].pubkey', undefined],
      ['data[0].pubkey', pubkey.slice(2)],
      ['data[0].pubkey', `${pubkey}00`],
      ['data[0].pubkey', `0x${'zz'.repeat(48)}`],
      ['data[0].signed_blocks', undefined],
      ['data[0].signed_blocks[1]', null],
      ['data[0].signed_blocks[0].slot', 81_952],
      ['data[0].signed_blocks[0].slot', '-1'],
      ['data[0].signed_blocks[0].slot', '1.5'],
      ['data[0].signed_blocks[0].slot', '0x10'],
      ['data[0].signed_blocks[0].slot', '007'],
      ['data[0].signed_blocks[0].slot', ''],
      ['data[0].signed_blocks[0].slot', '18446744073709551616'],
      ['data[0].signed_blocks[0].signing_root', '0x00'],
      ['data[0].signed_attestations', null],
      ['data[0].signed_attestations[1].source_epoch', undefined],
      ['data[0].signed_attestations[1].target_epoch', '9'.repeat(30)],
      ['data[0].signed_attestations[1].signing_root', 7],
    ] as const) {
      assert.equal(
        refusal(() => parseInterchange(having(path, value), root)),
        path,
      );
    }
    for (const text of ['', '{', 'null', '[]', '5', '"x"']) {
      assert.equal(
        refusal(() => parseInterchange(text, root)),
        '',
      );
    }
  });

  it('throws nothing else, whatever it is', () => {
    const anyText = fc.oneof(
      fc.json(),
      fc.string(),
      fc.tuple(fc.nat(), fc.string({ maxLength: 3 })).map(([at, put]) => {
        const text = JSON.stringify(good);
        const cut = at % text.length;
        return text.slice(0, cut) + put + text.slice(cut + 1);
      }),
    );
    const check = fc.property(anyText, (text) => {
      for (const parse of [
        () => parseInterchange(text, root),
        () => parsePrivValidatorState(text),
      ]) {
        try {
          parse();
        } catch (error) {
          assert.ok(error instanceof ElectionError && error.code === 'CLAIM_IMPORT_REFUSED');
        }
      }
    });
    fc.assert(check, { numRuns: 2000 });
  });

  it('is exported in its minimal form, and comes back as floors', () => {
    const machine = new ClaimsMachine();
    const mine = { key };
    applyOne(machine, { ...claimOf(block(7), 1), ...mine });
    applyOne(machine, { ...claimOf(block(8), 2), ...mine });
    applyOne(machine, { ...floor(attestation(3, 9)), ...mine });
    applyOne(machine, claimOf(vote(1, 0, 1), 1));
    const text = formatInterchange(machine.all(), root);
    assert.deepEqual(JSON.parse(text), {
      metadata: good.metadata,
      data: [
        {
          pubkey: pubkey.toLowerCase(),
          signed_blocks: [{ slot: '8', signing_root: `0x${'02'.repeat(32)}` }],
          signed_attestations: [{ source_epoch: '3', target_epoch: '9' }],
        },
      ],
    });
    const other = new ClaimsMachine();
    for (const one of parseInterchange(text, root)) {
      applyOne(other, { kind: 'raiseFloor', generation: 0, ...one });
    }
    for (const [position, expected] of [
      [block(8), 'refused'],
      [block(9), 'sign'],
      [attestation(2, 10), 'refused'],
      [attestation(3, 9), 'refused'],
      [attestation(3, 10), 'sign'],
    ] as const) {
      const result = applyOne(other, { ...claimOf(position, 2), ...mine });
      assert.equal(result.kind, expected);
    }
  });

  it('is not exported with a key that is no public key of it', () => {
    const machine = new ClaimsMachine();
    applyOne(machine, claimOf(block(7), 1));
    assert.throws(() => formatInterchange(machine.all(), root), { code: 'CLAIM_INVALID' });
  });
});

function floor(position: RaiseFloorCommand['position']): RaiseFloorCommand {
  return { kind: 'raiseFloor', key, position, generation: 0 };
}

describe('a priv_validator_state', () => {
  it('is read with and without what was signed', () => {
    const fresh = { height: '0', round: 0, step: 0 };
    assert.deepEqual(parsePrivValidatorState(JSON.stringify(fresh)), {
      position: vote(0, 0, 0),
      signature: null,
      signBytes: null,
    });
    const later = { height: '36', round: 1, step: 3, signature: 'AQID', signbytes: '0A0bff' };
    assert.deepEqual(parsePrivValidatorState(JSON.stringify(later)), {
      position: vote(36, 1, 3),
      signature: new Uint8Array([1, 2, 3]),
      signBytes: new Uint8Array([10, 11, 255]),
    });
  });

  it('is written as it is read', () => {
    const text = '{\n  "height": "36",\n  "round": 1,\n  "step": 3,\n';
    const rest = '  "signature": "AQID",\n  "signbytes": "0A0BFF"\n}\n';
    assert.equal(formatPrivValidatorState(parsePrivValidatorState(text + rest)), text + rest);
    const beyond = { ...vote(0, 0, 0), height: 2n ** 63n };
    assert.ok(beyond.kind === 'heightRoundStep');
    const state = { position: beyond, signature: digestOf(1), signBytes: null };
    assert.throws(() => formatPrivValidatorState(state), { code: 'CLAIM_INVALID' });
  });

  it('is refused with the name of the field that is wrong', () => {
    const state = { height: '36', round: 1, step: 3, signature: 'AQID', signbytes: '0A' };
    for (const [field, value] of [
      ['height', 36],
      ['height', '9223372036854775808'],
      ['height', '-1'],
      ['round', '1'],
      ['round', -1],
      ['round', 2 ** 31],
      ['step', 1.5],
      ['step', undefined],
      ['signature', 'A'],
      ['signature', '*'.repeat(88)],
      ['signature', 'A'.repeat(2000)],
      ['signbytes', '0'],
      ['signbytes', 'xy'],
    ] as const) {
      const text = JSON.stringify({ ...state, [field]: value });
      assert.equal(
        refusal(() => parsePrivValidatorState(text)),
        field,
      );
    }
  });
});

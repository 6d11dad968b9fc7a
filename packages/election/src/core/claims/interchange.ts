import { equalBytes, toHex } from '@quorate/base';
import { ElectionError } from '../election-error.ts';
import { type KeyClaims, maxKeys } from './claims-model.ts';
import { JsonField } from './json-field.ts';
import { highestOf, maxU64, type Position } from './position.ts';

const what = 'the slashing-protection interchange';
const formatVersion = '5';
const publicKeyBytes = 48;
const rootBytes = 32;
/** A file with every signature of a thousand validators over years stays below. */
const maxCharacters = 2 ** 28;

/** Nothing up to `position` may be signed with `key` any more. */
export interface Floor {
  readonly key: Uint8Array;
  readonly position: Position;
}

/**
 * Reads the slashing-protection interchange format of EIP-3076, in its complete or its minimal
 * form: of each public key the highest slot, source and target, each for itself. Members that the
 * format does not name are passed over.
 *
 * Why the maximum of each: the format lets importers do so, and then one number stands for a whole
 * history, contradictions in it included. What a file has signed cannot be asked for again here.
 *
 * @param genesisValidatorsRoot 32 bytes, of the chain that the keys sign for; a file of another one
 *   is refused
 * @throws ElectionError CLAIM_IMPORT_REFUSED with the path of the field, such as
 *   `data[3].signed_attestations[0].target_epoch`
 * @see https://eips.ethereum.org/EIPS/eip-3076
 */
export function parseInterchange(text: string, genesisValidatorsRoot: Uint8Array): Floor[] {
  const file = JsonField.parse(what, text, maxCharacters);
  const metadata = file.member('metadata');
  const version = metadata.member('interchange_format_version');
  if (version.text() !== formatVersion) {
    version.refuse(`is ${JSON.stringify(version.text())}, and "${formatVersion}" is read here`);
  }
  const root = metadata.member('genesis_validators_root');
  if (!equalBytes(root.prefixedHex(rootBytes), genesisValidatorsRoot)) {
    root.refuse(`is of another chain: 0x${toHex(genesisValidatorsRoot)} is expected`);
  }
  const floors = new Map<string, Floor>();
  const keys = new Set<string>();
  const data = file.member('data');
  for (const record of data.items()) {
    const key = record.member('pubkey').prefixedHex(publicKeyBytes);
    const name = toHex(key);
    keys.add(name);
    if (keys.size > maxKeys) data.refuse(`has more than ${maxKeys} public keys`);
    for (const position of positionsOf(record)) {
      const place = `${position.kind} ${name}`;
      const before = floors.get(place)?.position;
      const highest = before === undefined ? position : highestOf(before, position);
      floors.set(place, { key, position: highest });
    }
  }
  return [...floors.values()];
}

function* positionsOf(record: JsonField): Iterable<Position> {
  for (const block of record.member('signed_blocks').items()) {
    block.optional('signing_root')?.prefixedHex(rootBytes);
    yield { kind: 'block', slot: block.member('slot').decimal(maxU64) };
  }
  for (const attestation of record.member('signed_attestations').items()) {
    attestation.optional('signing_root')?.prefixedHex(rootBytes);
    const source = attestation.member('source_epoch').decimal(maxU64);
    const target = attestation.member('target_epoch').decimal(maxU64);
    yield { kind: 'attestation', source, target };
  }
}

/**
 * The minimal form of EIP-3076: of each key the highest block and the highest attestation, with the
 * digest as `signing_root` where it is known. Keys that claimed neither are left out.
 *
 * @throws ElectionError CLAIM_INVALID for a key with such a claim that is not of 48 bytes
 */
export function formatInterchange(
  all: readonly KeyClaims[],
  genesisValidatorsRoot: Uint8Array,
): string {
  const metadata = {
    interchange_format_version: formatVersion,
    genesis_validators_root: `0x${toHex(genesisValidatorsRoot)}`,
  };
  const data = all
    .filter(({ watermarks }) => watermarks.block !== null || watermarks.attestation !== null)
    .map(recordOf);
  return `${JSON.stringify({ metadata, data }, null, 2)}\n`;
}

function recordOf({ key, watermarks }: KeyClaims): object {
  if (key.length !== publicKeyBytes) {
    const reason = `has ${key.length} bytes, and public keys of the format ${publicKeyBytes}`;
    const message = `the key 0x${toHex(key)} cannot be exported: it ${reason}; leave it out`;
    throw new ElectionError('CLAIM_INVALID', message, { field: 'key', reason });
  }
  const { block, attestation } = watermarks;
  const blocks: object[] = [];
  if (block?.position.kind === 'block') {
    blocks.push({ slot: `${block.position.slot}`, ...signingRoot(block.digest) });
  }
  const attestations: object[] = [];
  if (attestation?.position.kind === 'attestation') {
    attestations.push({
      source_epoch: `${attestation.position.source}`,
      target_epoch: `${attestation.position.target}`,
      ...signingRoot(attestation.digest),
    });
  }
  return {
    pubkey: `0x${toHex(key)}`,
    signed_blocks: blocks,
    signed_attestations: attestations,
  };
}

function signingRoot(digest: Uint8Array | null): object {
  return digest === null ? {} : { signing_root: `0x${toHex(digest)}` };
}

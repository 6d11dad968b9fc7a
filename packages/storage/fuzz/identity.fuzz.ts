import assert from 'node:assert/strict';
import { type Prng, portableChecksum } from '@quorate/base';
import { claimDataDirectory, StorageError } from '../src/index.ts';
import { VirtualWorld } from '../test/virtual-world.ts';

const clusterId = '0123456789abcdef';
const nodeId = 7;
const encoder = new TextEncoder();

function claim(world: VirtualWorld) {
  return claimDataDirectory({
    fileSystem: world.disk,
    crypto: world.ports.crypto,
    directory: 'data',
    clusterId,
    nodeId,
  });
}

/** @returns in short why the directory was refused; the whole message quotes the file */
function attempt(world: VirtualWorld) {
  try {
    return claim(world);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return error.code === 'STORAGE_CORRUPT' ? error.message : error.code;
  }
}

function run(input: Uint8Array) {
  const world = new VirtualWorld(1);
  world.disk.blocking.makeDirectory('data');
  world.disk.blocking.writeFileDurably('data/identity', input);
  const outcome = attempt(world);
  if (typeof outcome === 'string') return { accepted: false, behaviour: outcome };
  const { incarnation } = outcome;
  assert.ok(Number.isSafeInteger(incarnation), 'an incarnation that no handshake can carry');
  assert.deepEqual(world.disk.blocking.readFile('data/identity'), input, 'the identity changed');
  return { accepted: true, behaviour: 'ours' };
}

function sealed(body: string): Uint8Array {
  const crc = portableChecksum.crc32(encoder.encode(body), 0);
  return encoder.encode(`${body}checksum ${crc.toString(16).padStart(8, '0')}\n`);
}

function generate(prng: Prng): Uint8Array {
  const incarnation = Math.floor(prng.float() * 2 ** 48);
  return sealed(
    `quorate data directory\nversion 1\ncluster ${clusterId}\nnode ${nodeId}\n` +
      `incarnation ${incarnation}\n`,
  );
}

/** Puts the right checksum behind the lines before it. */
function seal(input: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(input);
  const at = text.indexOf('checksum ');
  return sealed(at < 0 ? text : text.slice(0, at));
}

const words = [
  'version ',
  'cluster ',
  'node ',
  'incarnation ',
  'checksum ',
  '\n',
  '9007199254740993',
];

export const fuzzer = {
  about: 'the identity of a data directory',
  maxBytes: 5000,
  generate,
  run,
  isRefusal: () => false,
  seal,
  words: words.map((word) => encoder.encode(word)),
};

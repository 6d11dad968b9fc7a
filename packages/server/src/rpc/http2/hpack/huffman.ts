/*
 * The Huffman code of HPACK (RFC 7541, 5.2 and appendix B). It is canonical: its lengths say all.
 */

/** The length in bits of the code of each byte, then of EOS. */
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const endOfString = 256;

/** A state is an inner node of the code's tree; 0 is the root. */
const stateCount = 256;

/* What four more bits do in a state: the next state, the byte that ends there, if one does. */
const emits = 0x100;
const fails = 0x200;
/** Indexed by state * 16 + bits: next state << 16 | flags | byte. */
const steps = new Int32Array(stateCount * 16);
/** Whether a string may end in a state: at most seven bits, all ones, since the last byte. */
const mayEnd = new Uint8Array(stateCount);

/** The tree: for each state and bit the next state, or ~byte where a code ends. */
function buildTree(): Int16Array {
  const tree = new Int16Array(stateCount * 2);
  let states = 1;
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    code *= 2;
    for (const [byte, itsLength] of codeLengths.entries()) {
      if (itsLength !== length) continue;
      let state = 0;
      for (let bit = length - 1; bit > 0; bit--) {
        const at = state * 2 + ((code >>> bit) & 1);
        if (tree[at] === 0) tree[at] = states++;
        state = tree[at] as number;
      }
      tree[state * 2 + (code & 1)] = ~byte;
      code++;
    }
  }
  return tree;
}

function stepOf(tree: Int16Array, from: number, bits: number): number {
  let state = from;
  let flags = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = tree[state * 2 + ((bits >>> bit) & 1)] as number;
    if (next >= 0) {
      state = next;
      continue;
    }
    // No code has fewer than five bits, so at most one ends within four.
    if (~next === endOfString) return fails;
    flags = emits | ~next;
    state = 0;
  }
  return (state << 16) | flags;
}

function buildSteps(): void {
  const tree = buildTree();
  for (let at = 0; at < steps.length; at++) steps[at] = stepOf(tree, at >>> 4, at & 15);
  for (let length = 0, state = 0; length <= 7; length++) {
    mayEnd[state] = 1;
    state = tree[state * 2 + 1] as number;
  }
}
buildSteps();

let scratch = Buffer.allocUnsafe(1024);

/** @returns null when the bytes are no string of this code */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | null {
  const longest = Math.ceil(((to - from) * 8) / 5);
  if (scratch.length < longest) scratch = Buffer.allocUnsafe(longest * 2);
  let state = 0;
  let length = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    const high = steps[state * 16 + (byte >>> 4)] as number;
    const low = steps[(high >>> 16) * 16 + (byte & 15)] as number;
    if (((high | low) & fails) !== 0) return null;
    if ((high & emits) !== 0) scratch[length++] = high & 0xff;
    if ((low & emits) !== 0) scratch[length++] = low & 0xff;
    state = low >>> 16;
  }
  return mayEnd[state] === 1 ? scratch.toString('latin1', 0, length) : null;
}

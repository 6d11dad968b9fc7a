import type { NodeId } from '@quorate/schema';

/** Of a node's id, the lowest of an API's. */
const nodeBits = 53n;
const markBits = 64n - nodeBits;

/**
 * The id by which clients know a member: 64 bits, sixteen digits in the hexadecimal that tools
 * print and look for. The bits above the node's own follow from it.
 *
 * @returns 0n for 0, which is nobody
 */
export function apiIdOf(node: NodeId): bigint {
  if (node === 0) return 0n;
  const id = BigInt(node);
  const mark = (1n << (markBits - 1n)) | (id % 1021n);
  return (mark << nodeBits) | id;
}

/** @returns 0 for the id of nobody there could be */
export function nodeOfApiId(id: bigint): NodeId {
  const node = Number(BigInt.asUintN(Number(nodeBits), id));
  return apiIdOf(node) === id ? node : 0;
}

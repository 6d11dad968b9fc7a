import { hash } from 'node:crypto';
import type { GroupId, NodeId } from '@quorate/schema';

/**
 * SHA-256 over the parts, each preceded by its length, so that no two lists of parts are hashed
 * alike. `purpose` keeps ids of different kinds apart.
 */
function digest(purpose: string, parts: readonly string[]): Buffer {
  const text = [purpose, ...parts].map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return hash('sha256', text, 'buffer');
}

/**
 * The id of the member called `name` in the cluster of `token`: 52 bits, so that it is a safe
 * integer, and never 0. It does not depend on the member's addresses, which may change.
 */
export function memberIdOf(token: string, name: string): NodeId {
  const bytes = digest('quorate member', [token, name]);
  const id = (bytes.readUInt32BE(0) % 2 ** 20) * 2 ** 32 + bytes.readUInt32BE(4);
  return id === 0 ? 1 : id;
}

/**
 * The id of the cluster that `members` (their ids, in any order) founded under `token`: 16 hex
 * digits. Clusters with other founders or another token refuse to talk to each other.
 */
export function clusterIdOf(token: string, members: Iterable<NodeId>): string {
  const ids = [...members].sort((a, b) => a - b).map(String);
  return digest('quorate cluster', [token, ...ids]).toString('hex', 0, 8);
}

/**
 * The id of the group called `name`: 31 bits, so that it fits every integer field it may meet, and
 * never 0. Also with a single group, for a second one may come later.
 */
export function groupIdOf(name: string): GroupId {
  const id = digest('quorate group', [name]).readUInt32BE(0) >>> 1;
  return id === 0 ? 1 : id;
}

import type { NodeId } from '@quorate/schema';
import type { Hello } from './hello.ts';
import { nodeIdOf } from './node-id.ts';

/** Far more than a group has members; strangers may have told of themselves too. */
const mostNames = 1_000;

/** The ids that nodes go by, of those numbers that they vote under. */
export class Roster {
  readonly #ids = new Map<NodeId, string>();

  constructor(own: string) {
    this.#ids.set(nodeIdOf(own), own);
  }

  idOf(node: NodeId): string | null {
    return this.#ids.get(node) ?? null;
  }

  add(id: string): void {
    const node = nodeIdOf(id);
    if (this.#ids.size < mostNames || this.#ids.has(node)) this.#ids.set(node, id);
  }

  /** Numbers are made from ids, so nobody can tell a wrong one of another node. */
  learn({ id, members }: Hello): void {
    this.add(id);
    for (const member of members) if (member.id !== null) this.add(member.id);
  }
}

import type { Configuration, DurabilityClass, LogIndex, NodeId } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';
import { membersOf } from './members.ts';

/** The first `depth` parts of a locality; null where the locality is not known that far. */
function domainOf(locality: string, depth: number): string | null {
  if (locality === '') return null;
  const parts = locality.split('/');
  return parts.length < depth ? null : parts.slice(0, depth).join('/');
}

/** The failure domains of the members that hold data, each with its members. */
function domains(configuration: Configuration, depth: number): Map<string, NodeId[]> {
  const found = new Map<string, NodeId[]>();
  const known = new Map(configuration.members.map((member) => [member.id, member]));
  for (const id of membersOf(configuration)) {
    const member = known.get(id);
    // A witness has acknowledged the entry and does not have it (rule 7).
    if (member === undefined || member.witness) continue;
    const domain = domainOf(member.locality, depth);
    if (domain === null) continue;
    const ids = found.get(domain);
    if (ids === undefined) found.set(domain, [id]);
    else ids.push(id);
  }
  return found;
}

/** Up to where the log is durable on a node whose acknowledgements count. */
function durableOn(replica: Replica, role: LeaderState, id: NodeId): LogIndex {
  if (id === replica.nodeId) return replica.durability.durableIndex;
  return role.progress.get(id)?.countedIndex ?? 0;
}

/**
 * Up to where the log is durable in as many failure domains as the class asks for.
 *
 * @returns null when the members of `configuration` lie in too few domains for that ever to be
 */
export function classIndex(
  replica: Replica,
  role: LeaderState,
  configuration: Configuration,
  durability: DurabilityClass,
): LogIndex | null {
  const best: LogIndex[] = [];
  for (const ids of domains(configuration, durability.depth).values()) {
    best.push(Math.max(...ids.map((id) => durableOn(replica, role, id))));
  }
  best.sort((a, b) => b - a);
  return durability.domains === 0
    ? Number.POSITIVE_INFINITY
    : (best[durability.domains - 1] ?? null);
}

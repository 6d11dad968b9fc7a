import type { Step } from '../operation.ts';
import type { Both } from '../pair.ts';
import { isSame } from './refusal.ts';

type Fields = Record<string, unknown>;

/** What the watches of one stream have heard, by watch. */
type Heard = Readonly<Record<string, readonly Fields[]>>;

/**
 * Whether we told some watches, first of all after they were made, that keys were deleted at one
 * revision, and that is the whole difference.
 */
export function isDeletionToldOnlyHere(step: Step, [etcd, ours]: Both): boolean {
  if (step.kind !== 'settle' && step.kind !== 'gatewayWatch') return false;
  const [theirs, own] = [etcd, ours].map(({ body }) => heardOf(step, body)) as [Heard, Heard];
  const differing = Object.keys(own).filter((watch) => !isSame(theirs[watch], own[watch]));
  return (
    differing.length > 0 &&
    isSame({ ...etcd, body: null }, { ...ours, body: null }) &&
    isSame(Object.keys(theirs), Object.keys(own)) &&
    differing.every((watch) => isSame(theirs[watch], withoutFirstDeletions(own[watch] ?? [])))
  );
}

function heardOf(step: Step, body: unknown): Heard {
  if (step.kind === 'gatewayWatch') return body as Heard;
  const streams = Object.entries(body as Record<string, Heard>);
  return Object.fromEntries(
    streams.flatMap(([stream, heard]) =>
      Object.entries(heard).map(([watch, items]) => [`${stream} ${watch}`, items]),
    ),
  );
}

function withoutFirstDeletions(items: readonly Fields[]): readonly Fields[] {
  const [made, first] = items;
  if (made?.['created'] !== true || first === undefined) return items;
  return items.filter((item) => {
    return item['type'] !== 'DELETE' || revisionOf(item) !== revisionOf(first);
  });
}

function revisionOf(event: Fields): unknown {
  return (event['kv'] as Fields | undefined)?.['mod_revision'];
}

import type { RangeRequest } from '@quorate/kv';

/** One key, at a revision; 0 for the latest. */
export function readRequest(key: Uint8Array, revision: number): RangeRequest {
  return {
    kind: 'range',
    key,
    rangeEnd: new Uint8Array(0),
    limit: 0,
    revision,
    sortOrder: 'none',
    sortTarget: 'key',
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

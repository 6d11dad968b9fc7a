type Fields = Record<string, unknown>;

/** What each server has of its own, by the name of the message's field. */
const ownFields: ReadonlySet<string> = new Set([
  'cluster_id',
  'member_id',
  'raft_term',
  'raftTerm',
  'raftIndex',
  'raftAppliedIndex',
  'leader',
  'memberID',
  'peerURLs',
  'clientURLs',
  'token',
  'etcdserver',
  'etcdcluster',
]);

/** What may be 0 here and not there, and what only releases after 3.4 have. */
const passedOver: ReadonlySet<string> = new Set([
  'hash',
  'dbSize',
  'dbSizeInUse',
  'storageVersion',
  'dbSizeQuota',
  'downgradeInfo',
  'hash_revision',
  'authRevision',
]);

/** How much of a lease's time may have passed since it was granted. */
const mostPassedSeconds = 600;

/** Lists whose order nobody promises. */
const unorderedLists: ReadonlySet<string> = new Set(['leases', 'keys']);

/**
 * @param json a message in its JSON form
 * @param leases the ids that clients have chosen, as JSON has them; others are a server's choice
 * @returns it with a mark in the place of all that differs between two servers by nature
 */
export function normalise(json: unknown, leases: ReadonlySet<string>): unknown {
  if (Array.isArray(json)) return json.map((item) => normalise(item, leases));
  if (typeof json !== 'object' || json === null) return json;
  const fields = json as Fields;
  const isStatus = 'raftIndex' in fields || 'raftTerm' in fields;
  const isMember = 'peerURLs' in fields;
  const out: Fields = {};
  for (const name of Object.keys(fields).toSorted()) {
    const value = fields[name];
    if (passedOver.has(name)) continue;
    if (ownFields.has(name)) out[name] = '#';
    else if (name === 'version' && isStatus) out[name] = '#';
    else if ((name === 'ID' || name === 'name') && isMember) out[name] = '#';
    else if (name === 'errors') out[name] = withoutIds(value);
    else if (name === 'TTL') out[name] = timeLeft(value, fields['grantedTTL']);
    else if (isLease(name) && typeof value === 'string' && !leases.has(value)) out[name] = '#lease';
    else if (unorderedLists.has(name)) out[name] = sorted(normalise(value, leases));
    else out[name] = normalise(value, leases);
  }
  return out;
}

function isLease(name: string): boolean {
  return name === 'ID' || name === 'lease';
}

function withoutIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/memberID:\d+/g, 'memberID:#')) as unknown;
}

function timeLeft(left: unknown, granted: unknown): unknown {
  if (granted === undefined) return left;
  const passed = Number(granted) - Number(left);
  return passed >= 0 && passed <= mostPassedSeconds ? '#left' : left;
}

function sorted(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  return list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

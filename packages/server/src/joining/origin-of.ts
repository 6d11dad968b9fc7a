import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@quorate/base';
import { clusterIdOf, memberIdOf, recordedOwner } from '@quorate/node';
import type { NodeId } from '@quorate/schema';
import { apiIdOf, ServerError } from '../core/index.ts';
import { isUnfinished, type RestoredNote, readNote } from '../restore/restored-note.ts';
import type { ServerOptions } from '../server.ts';
import { findMembership, refuseReturned } from './find-membership.ts';
import { type Origin, othersOf, peerAddress } from './origin.ts';

/**
 * The one rule by which a node knows who it is: a data directory that has an owner says so, and
 * nothing else counts. A new one is that of a founder, whose id follows from its name and the
 * token, unless the cluster is there already (`clusterState: 'existing'`): then the members are
 * asked which of them this node was added as.
 *
 * @throws ServerError SERVER_MEMBER_REMOVED, SERVER_RESTORE_UNFINISHED, SERVER_JOIN_REFUSED
 * @throws StorageError STORAGE_FOREIGN_DIRECTORY, STORAGE_CORRUPT
 */
export async function originOf(options: ServerOptions, logger: Logger): Promise<Origin> {
  const { dataDirectory, clusterState = 'new' } = options;
  if (dataDirectory !== null) await refuseRemoved(dataDirectory);
  const owner = dataDirectory === null ? null : await recordedOwner(dataDirectory);
  if (dataDirectory !== null && owner === null) refuseUnfinished(dataDirectory);
  const founding = foundingOf(options, dataDirectory === null ? null : readNote(dataDirectory));
  if (owner === null) {
    if (clusterState === 'existing') return findMembership(options, logger);
    if (dataDirectory !== null) await refuseReturned(founding.clusterId, options, logger);
    return founding;
  }
  // That of another founder has been mixed up with this one's: whoever opens it says so.
  if (owner.clusterId === founding.clusterId && founding.members.has(owner.nodeId)) return founding;
  // A node that has joined never has what its settings would have made of it.
  if (clusterState === 'new') {
    logger.warn('the settings of the cluster are not those of the data directory, which counts', {
      dataDirectory: dataDirectory ?? '',
      clusterId: owner.clusterId,
      memberId: apiIdOf(owner.nodeId).toString(16),
    });
  }
  return {
    ...owner,
    clusterName: null,
    members: new Map(),
    founders: new Map(),
    contacts: othersOf(options),
  };
}

function idOf({ clusterToken }: ServerOptions, { name }: { readonly name: string }): NodeId {
  return memberIdOf(clusterToken, name);
}

/** @param restored of a data directory that was made from a snapshot, whose cluster is its own */
function foundingOf(options: ServerOptions, restored: RestoredNote | null): Origin {
  const { clusterToken, members } = options;
  const ids = members.map((member) => idOf(options, member));
  return {
    clusterId: restored?.clusterId ?? clusterIdOf(clusterToken, ids),
    nodeId: idOf(options, options),
    clusterName: clusterToken,
    members: new Map(members.map((one) => [idOf(options, one), peerAddress(one)])),
    founders: new Map(members.map((one) => [idOf(options, one), one.peerUrls])),
    contacts: [],
  };
}

/** A file that a member writes when it learns of its removal. */
export function removalPath(dataDirectory: string): string {
  return join(dataDirectory, 'removed');
}

async function refuseRemoved(dataDirectory: string): Promise<void> {
  const found = await readFile(removalPath(dataDirectory), 'utf8').catch(() => null);
  if (found === null) return;
  throw new ServerError(
    'SERVER_MEMBER_REMOVED',
    `this member was removed from its cluster for good, and ${dataDirectory} is of no more use: ` +
      'to take part again, have a new member added and start it with an empty data directory',
    { dataDirectory },
  );
}

/** What was meant to hold a state that was saved must not found an empty cluster instead. */
function refuseUnfinished(dataDirectory: string): void {
  if (!isUnfinished(dataDirectory)) return;
  throw new ServerError(
    'SERVER_RESTORE_UNFINISHED',
    `a snapshot was being restored into ${dataDirectory}, and that was ended before it was done: ` +
      'remove the directory and restore again',
    { dataDirectory },
  );
}

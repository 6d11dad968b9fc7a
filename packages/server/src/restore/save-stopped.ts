import { withStoppedMember } from '@quorate/node';
import { drawBackup } from '../backup/draw-backup.ts';
import { holdContent } from '../core/database/database-content.ts';
import { ServerError } from '../core/server-error.ts';
import { groupName } from '../etcd-server.ts';
import { isReplacing } from './replace-directory.ts';
import { replayMember } from './replay-member.ts';

/** What was saved of a stopped member. */
export interface StoppedSave {
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly revision: number;
  /** The last entry that is in it. */
  readonly lastIndex: number;
  /** Known to be committed up to here: later ones may never have been. */
  readonly commitIndex: number;
  readonly bytes: number;
}

/**
 * Draws the state of a stopped member, all of its log applied, as a snapshot file. Changes nothing.
 *
 * @throws ServerError SERVER_RECOVERY_REFUSED; StorageError as `withStoppedMember`
 */
export function saveStopped(
  dataDirectory: string,
  write: (piece: Uint8Array) => void,
): Promise<StoppedSave> {
  if (isReplacing(dataDirectory)) throw refused('a recovery of it was interrupted; run it again');
  const log = { level: 'warn', format: 'logfmt' } as const;
  return withStoppedMember({ dataDirectory, group: groupName, log }, async (member) => {
    const replayed = await replayMember(member);
    if (replayed === null) throw refused('it never had any data');
    const { machine, store, lastIndex, commitIndex, term } = replayed;
    const { clusterId } = member;
    const content = holdContent({
      clusterId: BigInt(`0x${clusterId}`),
      machine,
      store,
      group: { status: () => ({ appliedIndex: lastIndex, term }) },
    });
    let bytes = 0;
    for await (const piece of drawBackup(content, new AbortController().signal)) {
      write(piece);
      bytes += piece.length;
    }
    content.release();
    return { clusterId, revision: content.revision, lastIndex, commitIndex, bytes };
  });
}

function refused(reason: string): ServerError<'SERVER_RECOVERY_REFUSED'> {
  const message = `nothing was saved of this member: ${reason}`;
  return new ServerError('SERVER_RECOVERY_REFUSED', message, { reason });
}

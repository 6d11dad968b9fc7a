import { FileSystemError } from '@quorate/base';
import { SnapshotFileWriter } from '../backup/snapshot-file-writer.ts';
import { byteText } from '../byte-text.ts';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import type { Output } from '../output.ts';

export interface SaveStoppedFlags {
  readonly dataDirectory: string;
  readonly isForced: boolean;
}

/** @throws CliError CLI_SNAPSHOT_FAILED; the file is then as it was */
export async function saveStoppedMember(
  path: string,
  { dataDirectory, isForced }: SaveStoppedFlags,
  output: Output,
): Promise<number> {
  const { saveStopped } = await import('@quorate/server');
  let writer: SnapshotFileWriter | null = null;
  try {
    const opened = new SnapshotFileWriter(path, isForced);
    writer = opened;
    const saved = await saveStopped(dataDirectory, (piece) => opened.write(piece));
    opened.commit();
    const { revision, bytes, clusterId, lastIndex, commitIndex } = saved;
    if (output.isJson) output.json({ file: path, dataDirectory, ...saved });
    else {
      output.line(`${path}: revision ${revision}, ${byteText(bytes)}, of cluster ${clusterId}`);
      const known = `known to be committed up to ${commitIndex}`;
      const tail = lastIndex === commitIndex ? '' : '; later ones may never have been';
      output.line(`all of the log up to entry ${lastIndex}, ${known}${tail}`);
    }
    return 0;
  } catch (error) {
    writer?.abort();
    if (error instanceof CliError) throw error;
    const cause = codeOf(error);
    // Without a code it is a defect, whose stack is worth more than a sentence.
    if (cause === null && !(error instanceof FileSystemError)) throw error;
    const message = `${dataDirectory} was not saved: ${messageOf(error)}`;
    throw new CliError('CLI_SNAPSHOT_FAILED', message, { cause }, { cause: error });
  }
}

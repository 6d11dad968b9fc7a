import { CodedError } from '@quorate/base';

interface KvErrorMetadata {
  KV_COMMAND_MALFORMED: { readonly reason: string; readonly offset: number };
  KV_SNAPSHOT_INVALID: { readonly reason: string; readonly offset: number };
}

/**
 * - `KV_COMMAND_MALFORMED`: the bytes are not a command; `offset` is where reading stopped.
 * - `KV_SNAPSHOT_INVALID`: the chunks are not one whole snapshot; `offset` counts from its start.
 *   Nothing was restored. Fetch the snapshot again, from another replica if it repeats.
 */
export class KvError<Code extends keyof KvErrorMetadata = keyof KvErrorMetadata> extends CodedError<
  KvErrorMetadata,
  Code
> {
  override readonly name = 'KvError';
}

export function commandMalformed(reason: string, offset: number): never {
  throw new KvError(
    'KV_COMMAND_MALFORMED',
    `key-value command is malformed at byte ${offset}: ${reason}; it was not applied`,
    { reason, offset },
  );
}

export function snapshotInvalid(reason: string, offset: number): never {
  throw new KvError(
    'KV_SNAPSHOT_INVALID',
    `key-value snapshot is invalid at byte ${offset}: ${reason}; ` +
      'nothing was restored, fetch it again',
    { reason, offset },
  );
}

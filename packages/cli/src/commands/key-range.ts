import { CliError } from '../cli-error.ts';

const everything = new Uint8Array([0]);

export interface RangeFlags {
  readonly isPrefix: boolean;
  readonly isFromKey: boolean;
  readonly rangeEnd: string | undefined;
}

export interface KeyRange {
  readonly key: Uint8Array;
  /** Empty: only `key`. One zero byte: to the end of all keys. Else exclusive. */
  readonly rangeEnd: Uint8Array;
}

/** @throws CliError CLI_USAGE when the flags contradict each other or no key is meant */
export function keyRange(text: string, flags: RangeFlags): KeyRange {
  const key = new TextEncoder().encode(text);
  const chosen = [flags.isPrefix, flags.isFromKey, flags.rangeEnd !== undefined];
  if (chosen.filter(Boolean).length > 1) {
    throw usage('--prefix, --from-key and --range-end exclude each other; give one of them');
  }
  if (key.length === 0 && !flags.isPrefix && !flags.isFromKey) {
    throw usage('KEY must not be empty; for all keys, give "" with --prefix');
  }
  const first = key.length === 0 ? everything : key;
  if (flags.isFromKey) return { key: first, rangeEnd: everything };
  if (flags.isPrefix) return { key: first, rangeEnd: prefixEnd(key) };
  return { key, rangeEnd: new TextEncoder().encode(flags.rangeEnd ?? '') };
}

/** The first key behind all that begin with `prefix`. */
function prefixEnd(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return everything;
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}

function usage(message: string): CliError {
  return new CliError('CLI_USAGE', message, {});
}

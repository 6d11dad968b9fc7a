import type { GetOptions } from '@quorate/client';
import { CliError } from '../cli-error.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';
import { keyRange, type RangeFlags } from './key-range.ts';
import { keyValueToJson, writeBytes, writeKeyValue } from './key-text.ts';

/** Above what any cluster accepts; it only keeps a wrong pipe from filling the memory. */
const maxInputBytes = 64 << 20;

export interface PutFlags extends ClientFlags {
  readonly lease: bigint | undefined;
  readonly isWithPrevious: boolean;
  readonly ignoresValue: boolean;
  readonly ignoresLease: boolean;
}

/** @param value undefined or `-`: the value is what standard input holds */
export async function put(
  key: string,
  value: string | undefined,
  flags: PutFlags,
  output: Output,
): Promise<number> {
  const range = keyRange(key, { isPrefix: false, isFromKey: false, rangeEnd: undefined });
  const endpoints = chooseEndpoints(flags.endpoints);
  const bytes = flags.ignoresValue ? new Uint8Array(0) : await valueBytes(value);
  return withClient(endpoints, flags, async (client) => {
    const { revision, previous } = await client.put(range.key, bytes, {
      prevKv: flags.isWithPrevious,
      ignoreValue: flags.ignoresValue,
      ignoreLease: flags.ignoresLease,
      ...(flags.lease === undefined ? {} : { lease: flags.lease }),
    });
    if (output.isJson) {
      const before = previous === null ? null : keyValueToJson(previous);
      output.json(flags.isWithPrevious ? { revision, previous: before } : { revision });
    } else {
      output.line('OK');
      writeKeyValue(previous);
    }
    return 0;
  });
}

async function valueBytes(value: string | undefined): Promise<Uint8Array> {
  if (value !== undefined && value !== '-') return new TextEncoder().encode(value);
  if (value === undefined && process.stdin.isTTY) {
    throw new CliError('CLI_USAGE', 'VALUE is missing; give it, or - to type it', {});
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxInputBytes) {
      throw new CliError(
        'CLI_REQUEST_FAILED',
        `standard input holds more than ${maxInputBytes} bytes; a value must be smaller`,
        { cause: null },
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

export interface GetFlags extends ClientFlags, RangeFlags {
  readonly limit: number | undefined;
  readonly revision: number | undefined;
  readonly isSerializable: boolean;
  readonly isKeysOnly: boolean;
  readonly isValueOnly: boolean;
  readonly isCountOnly: boolean;
  readonly sortBy: GetOptions['sortBy'];
  readonly isDescending: boolean;
}

export async function get(key: string, flags: GetFlags, output: Output): Promise<number> {
  const range = keyRange(key, flags);
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const answer = await client.get(range.key, {
      rangeEnd: range.rangeEnd,
      serializable: flags.isSerializable,
      keysOnly: flags.isKeysOnly,
      countOnly: flags.isCountOnly,
      descending: flags.isDescending,
      ...(flags.sortBy === undefined ? {} : { sortBy: flags.sortBy }),
      ...(flags.limit === undefined ? {} : { limit: flags.limit }),
      ...(flags.revision === undefined ? {} : { revision: flags.revision }),
    });
    if (output.isJson) {
      const { revision, count, more } = answer;
      output.json({ revision, count, more, keyValues: answer.keyValues.map(keyValueToJson) });
      return 0;
    }
    if (flags.isCountOnly) output.line(String(answer.count));
    for (const keyValue of answer.keyValues) {
      if (!flags.isValueOnly) writeBytes(keyValue.key);
      if (!flags.isKeysOnly) writeBytes(keyValue.value);
    }
    return 0;
  });
}

export interface DeleteFlags extends ClientFlags, RangeFlags {
  readonly isWithPrevious: boolean;
}

export async function del(key: string, flags: DeleteFlags, output: Output): Promise<number> {
  const range = keyRange(key, flags);
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const prevKv = flags.isWithPrevious;
    const { deleted, revision, previous } = await client.delete(range, { prevKv });
    if (output.isJson) {
      const before = prevKv ? { previous: previous.map(keyValueToJson) } : {};
      output.json({ revision, deleted, ...before });
    } else {
      output.line(String(deleted));
      for (const keyValue of previous) writeKeyValue(keyValue);
    }
    return 0;
  });
}

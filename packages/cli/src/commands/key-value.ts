import type { ClientKeyValue } from '@quorate/client';
import { CliError } from '../cli-error.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';
import { keyRange, type RangeFlags } from './key-range.ts';

/** Above what any cluster accepts; it only keeps a wrong pipe from filling the memory. */
const maxInputBytes = 64 << 20;

/** @param value undefined or `-`: the value is what standard input holds */
export async function put(
  key: string,
  value: string | undefined,
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  const range = keyRange(key, { isPrefix: false, isFromKey: false, rangeEnd: undefined });
  const endpoints = chooseEndpoints(flags.endpoints);
  const bytes = await valueBytes(value);
  return withClient(endpoints, flags.timeoutMs, async (client) => {
    const { revision } = await client.put(range.key, bytes);
    if (output.isJson) output.json({ revision });
    else output.line('OK');
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
}

export async function get(key: string, flags: GetFlags, output: Output): Promise<number> {
  const range = keyRange(key, flags);
  return withClient(chooseEndpoints(flags.endpoints), flags.timeoutMs, async (client) => {
    const answer = await client.get(range.key, {
      rangeEnd: range.rangeEnd,
      serializable: flags.isSerializable,
      keysOnly: flags.isKeysOnly,
      ...(flags.limit === undefined ? {} : { limit: flags.limit }),
      ...(flags.revision === undefined ? {} : { revision: flags.revision }),
    });
    if (output.isJson) {
      const { revision, count, more } = answer;
      output.json({ revision, count, more, keyValues: answer.keyValues.map(keyValueToJson) });
      return 0;
    }
    for (const keyValue of answer.keyValues) {
      if (!flags.isValueOnly) writeBytes(keyValue.key);
      if (!flags.isKeysOnly) writeBytes(keyValue.value);
    }
    return 0;
  });
}

export interface DeleteFlags extends ClientFlags {
  readonly isPrefix: boolean;
}

export async function del(key: string, flags: DeleteFlags, output: Output): Promise<number> {
  const { isPrefix } = flags;
  const range = keyRange(key, { isPrefix, isFromKey: false, rangeEnd: undefined });
  return withClient(chooseEndpoints(flags.endpoints), flags.timeoutMs, async (client) => {
    const end = range.rangeEnd.length === 0 ? undefined : range.rangeEnd;
    const { deleted, revision } = await client.delete(range.key, end);
    if (output.isJson) output.json({ revision, deleted });
    else output.line(String(deleted));
    return 0;
  });
}

/** As they are: what is stored need not be text. */
function writeBytes(bytes: Uint8Array): void {
  process.stdout.write(bytes);
  process.stdout.write('\n');
}

function keyValueToJson(keyValue: ClientKeyValue) {
  return {
    key: bytesToJson(keyValue.key),
    value: bytesToJson(keyValue.value),
    createRevision: keyValue.createRevision,
    modRevision: keyValue.modRevision,
    version: keyValue.version,
    lease: String(keyValue.lease),
  };
}

/** Always base64; `utf8` too when the bytes are valid UTF-8. */
function bytesToJson(bytes: Uint8Array): { base64: string; utf8?: string } {
  const base64 = Buffer.from(bytes).toString('base64');
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { base64, utf8 };
  } catch {
    return { base64 };
  }
}

import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import type { OperationResult } from '@quorate/client';
import { CliError, messageOf } from '../cli-error.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';
import { keyValueToJson, writeKeyValue } from './key-text.ts';
import { parseTxn } from './txn-text.ts';

/** @param file undefined or `-`: standard input */
export async function txn(
  file: string | undefined,
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  const { when, success, failure } = parseTxn(await read(file));
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const asked = client
      .txn()
      .when(...when)
      .do(...success)
      .otherwise(...failure);
    const { succeeded, revision, results } = await asked.commit();
    if (output.isJson) {
      output.json({ succeeded, revision, results: results.map(resultToJson) });
      return 0;
    }
    output.line(succeeded ? 'SUCCESS' : 'FAILURE');
    for (const result of results) print(result, output);
    return 0;
  });
}

async function read(file: string | undefined): Promise<string> {
  if (file === undefined || file === '-') {
    if (process.stdin.isTTY) {
      const sections = 'conditions, an empty line, what to do, an empty line, what else to do';
      process.stderr.write(`${sections}, then Ctrl-D:\n`);
    }
    return textOf(process.stdin);
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const message = `${file} cannot be read (${messageOf(error)}); check the path`;
    throw new CliError('CLI_USAGE', message, {});
  }
}

function print(result: OperationResult, output: Output): void {
  output.line('');
  switch (result.kind) {
    case 'put':
      output.line('OK');
      return writeKeyValue(result.previous);
    case 'delete':
      output.line(String(result.deleted));
      for (const keyValue of result.previous) writeKeyValue(keyValue);
      return undefined;
    case 'get':
      for (const keyValue of result.keyValues) writeKeyValue(keyValue);
      return undefined;
    default:
      return undefined;
  }
}

function resultToJson(result: OperationResult): object {
  switch (result.kind) {
    case 'put': {
      const { kind, previous } = result;
      return { kind, previous: previous === null ? null : keyValueToJson(previous) };
    }
    case 'delete': {
      const { kind, deleted, previous } = result;
      return { kind, deleted, previous: previous.map(keyValueToJson) };
    }
    case 'get': {
      const { kind, count, more, keyValues } = result;
      return { kind, count, more, keyValues: keyValues.map(keyValueToJson) };
    }
    default:
      return { kind: result.kind };
  }
}

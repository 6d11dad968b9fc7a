import { closeSync, openSync, readSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { CliError, messageOf } from '../cli-error.ts';
import { nearest } from '../suggestion.ts';
import { isSettingKey, type RawValue, type SettingKey, settingKeys } from './settings.ts';

/** A configuration is a page; this keeps a wrong path from being read into memory. */
const maxFileBytes = 64 << 10;

/**
 * Reads a YAML file whose keys are the flags without their dashes. A value is a scalar, taken as it
 * is written, or a list of scalars, joined by commas.
 *
 * @throws CliError CLI_CONFIG_FILE, CLI_CONFIG_UNKNOWN or CLI_CONFIG_INVALID, naming the line
 */
export function readConfigFile(path: string): Map<SettingKey, RawValue> {
  return parseConfig(path, readText(path));
}

/** As `readConfigFile`, of a text that was read from `path`. */
export function parseConfig(path: string, text: string): Map<SettingKey, RawValue> {
  const lines = new LineCounter();
  const document = parse(path, text, lines);
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined) {
    throw fileError(path, `${path}:${lineOf(syntaxError.pos[0])}: ${messageOf(syntaxError)}`);
  }
  const found = new Map<SettingKey, RawValue>();
  if (document.contents === null) return found;
  if (!isMap<Node, Node | null>(document.contents)) {
    throw fileError(path, `${path}: expected a map of settings, such as "name: n1"`);
  }
  for (const { key: keyNode, value } of document.contents.items) {
    const line = lineOf(keyNode.range?.[0] ?? 0);
    const key = isScalar(keyNode) ? String(keyNode.value) : '';
    if (!isSettingKey(key)) throw unknownKey(path, line, key);
    found.set(key, { text: textOf(value, path, line, key), origin: { kind: 'file', path, line } });
  }
  return found;
}

function parse(path: string, text: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false });
  } catch (error) {
    // Brackets nested by the thousand exhaust the parser's stack.
    throw fileError(path, `${path}: cannot be parsed as YAML (${messageOf(error)})`);
  }
}

/** Bounded while reading, not by the size that the file claims: it may be a pipe. */
function readText(path: string): string {
  const bytes = Buffer.alloc(maxFileBytes + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let count = -1; count !== 0 && length < bytes.length; length += count) {
        count = readSync(file, bytes, length, bytes.length - length, null);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new CliError(
      'CLI_CONFIG_FILE',
      `--config: cannot read ${path} (${messageOf(error)}); check the path`,
      { path },
      { cause: error },
    );
  }
  if (length <= maxFileBytes) return bytes.toString('utf8', 0, length);
  throw fileError(
    path,
    `--config: ${path} is larger than ${maxFileBytes} bytes; is it the right file?`,
  );
}

function textOf(value: Node | null, path: string, line: number, key: string): string {
  if (isScalar(value) && value.value !== null) return scalarText(value);
  if (isSeq(value) && value.items.length > 0 && value.items.every((item) => isScalar(item))) {
    return value.items.map((item) => scalarText(item)).join(',');
  }
  const found = isAlias(value) ? 'an alias' : isMap(value) ? 'a map' : 'nothing usable';
  throw new CliError(
    'CLI_CONFIG_INVALID',
    `${path}:${line}: ${key}: found ${found}; give one value or a list of values`,
    { setting: key, origin: `${path}:${line}` },
  );
}

/** As written: `name: 007` is the name 007, not the number 7. */
function scalarText(scalar: { value: unknown; type?: string; source?: string }): string {
  const plain = scalar.type === 'PLAIN' && scalar.source !== undefined;
  return plain ? String(scalar.source) : String(scalar.value);
}

function unknownKey(path: string, line: number, key: string): CliError {
  const suggestion = nearest(key, settingKeys);
  return new CliError(
    'CLI_CONFIG_UNKNOWN',
    `${path}:${line}: ${JSON.stringify(key)} is no setting; ` +
      (suggestion === null
        ? 'remove it, or see quorate serve --help'
        : `did you mean ${suggestion}?`),
    { name: key, suggestion },
  );
}

function fileError(path: string, message: string): CliError {
  return new CliError('CLI_CONFIG_FILE', message, { path });
}

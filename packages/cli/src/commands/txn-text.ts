import { parseArgs } from 'node:util';
import {
  type Comparison,
  compare,
  type Operation,
  operation,
  type Relation,
} from '@quorate/client';
import { CliError, messageOf } from '../cli-error.ts';
import { keyRange } from './key-range.ts';

/** A transaction as it is typed. */
export interface TypedTxn {
  readonly when: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

/**
 * @param text three paragraphs: conditions, what to do, what to do otherwise
 * @throws CliError CLI_USAGE naming the line
 */
export function parseTxn(text: string): TypedTxn {
  const paragraphs: (readonly [line: number, text: string])[][] = [[], [], []];
  let at = 0;
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '') {
      at++;
      return;
    }
    const paragraph = paragraphs[at];
    if (paragraph === undefined) throw invalid(index + 1, 'a transaction has three paragraphs');
    paragraph.push([index + 1, line]);
  });
  const [when = [], success = [], failure = []] = paragraphs;
  return {
    when: when.map(([number, line]) => comparisonOf(number, line)),
    success: success.map(([number, line]) => operationOf(number, line)),
    failure: failure.map(([number, line]) => operationOf(number, line)),
  };
}

const quoted = '("(?:[^"\\\\]|\\\\.)*")';
const targets = '(val|value|ver|version|c|create|m|mod|lease)';
const comparisonForm = new RegExp(`^${targets}\\(${quoted}\\)\\s*(=|!=|<|>)\\s*${quoted}$`);

function comparisonOf(number: number, line: string): Comparison {
  const match = comparisonForm.exec(line);
  if (match === null) {
    throw invalid(number, 'write a condition as version("KEY") > "0" or value("KEY") = "TEXT"');
  }
  const [, target = '', quotedKey = '', relation = '', quotedOperand = ''] = match;
  const key = unquoted(number, quotedKey);
  const operand = unquoted(number, quotedOperand);
  const how = relation as Relation;
  switch (target) {
    case 'val':
    case 'value':
      return compare.value(key, how, operand);
    case 'ver':
    case 'version':
      return compare.version(key, how, wholeNumber(number, operand));
    case 'c':
    case 'create':
      return compare.createRevision(key, how, wholeNumber(number, operand));
    case 'lease':
      return compare.lease(key, how, leaseId(number, operand));
    default:
      return compare.modRevision(key, how, wholeNumber(number, operand));
  }
}

function wholeNumber(number: number, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalid(number, `${JSON.stringify(text)} is no whole number`);
}

function leaseId(number: number, text: string): bigint {
  if (/^[0-9a-fA-F]{1,16}$/.test(text)) return BigInt.asIntN(64, BigInt(`0x${text}`));
  throw invalid(number, `${JSON.stringify(text)} is no id in hexadecimal`);
}

const options = {
  lease: { type: 'string' },
  'prev-kv': { type: 'boolean' },
  prefix: { type: 'boolean' },
  limit: { type: 'string' },
  rev: { type: 'string' },
  'keys-only': { type: 'boolean' },
} as const;

function operationOf(number: number, line: string): Operation {
  const [name, ...words] = wordsOf(number, line);
  const { values, positionals } = parsed(number, words);
  const [key = '', second] = positionals;
  const isWrong = positionals.length === 0 || positionals.length > 2;
  if (isWrong) throw invalid(number, `${name ?? ''} takes KEY, and one word more at most`);
  const prevKv = values['prev-kv'] === true;
  if (name === 'put') {
    if (second === undefined) throw invalid(number, 'put takes KEY and VALUE');
    const { lease } = values;
    return operation.put(key, second, {
      prevKv,
      ...(lease === undefined ? {} : { lease: leaseId(number, lease) }),
    });
  }
  const isPrefix = values.prefix === true;
  const range = keyRange(key, { isPrefix, isFromKey: false, rangeEnd: second });
  if (name === 'del') return operation.delete(range, { prevKv });
  if (name !== 'get') throw invalid(number, 'write put, get or del');
  return operation.get(range.key, {
    rangeEnd: range.rangeEnd,
    keysOnly: values['keys-only'] === true,
    limit: wholeNumber(number, values.limit ?? '0'),
    revision: wholeNumber(number, values.rev ?? '0'),
  });
}

function parsed(number: number, words: string[]) {
  try {
    return parseArgs({ args: words, options, allowPositionals: true });
  } catch (error) {
    throw invalid(number, messageOf(error));
  }
}

/** Words are parted by spaces, unless they are quoted. */
function wordsOf(number: number, line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? [];
  return words.map((word) => (word.startsWith('"') ? unquoted(number, word) : word));
}

function unquoted(number: number, text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
  } catch {
    // Said below.
  }
  throw invalid(number, `${text} is no text in quotes, as JSON has them`);
}

function invalid(line: number, problem: string): CliError {
  return new CliError('CLI_USAGE', `line ${line} of the transaction: ${problem}`, {});
}

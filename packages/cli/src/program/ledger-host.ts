import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LedgerContext } from '../ledger/ledger-context.ts';
import {
  type IdentifierStyle,
  parseIdentifier,
  parseSmall,
  parseWide,
} from '../ledger/values/number-text.ts';
import { parseTime } from '../ledger/values/time-text.ts';
import { ValueProblem } from '../ledger/values/value-problem.ts';
import { wholeNumber } from './client-command.ts';

/** What surrounds the ledger's commands: the command line, the shell, or a test. */
export interface LedgerHost {
  /** How amounts and ids are written where a command does not say. */
  readonly defaults: { readonly scale: number; readonly ids: IdentifierStyle };
  /** Adds the options that say where the ledger is, and --json. */
  addConnection(command: Command): Command;
  run(
    options: Readonly<Record<string, unknown>>,
    action: (context: LedgerContext) => Promise<number>,
  ): Promise<void>;
}

/** Makes an option's parser of one whose problems are no usage errors yet. */
function parser<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof ValueProblem) throw new InvalidArgumentError(`${error.message}.`);
      throw error;
    }
  };
}

/** Parsers of what ledger commands take. */
export const take = {
  id: parser(parseIdentifier),
  uint64: parser((text) => parseWide(text, 64)),
  uint32: parser((text) => parseSmall(text, 32)),
  uint16: parser((text) => parseSmall(text, 16)),
  time: parser(parseTime),
} as const;

/** Adds --scale and --ids. */
export function addStyle(command: Command): Command {
  const ids = new Option('--ids <STYLE>', 'how ids are printed: decimal, hex or uuid');
  return addScale(command).addOption(ids.choices(['decimal', 'hex', 'uuid']));
}

/** Adds --scale. */
export function addScale(command: Command): Command {
  const meaning = 'decimals of amounts: with 2 they are written 12.34 (default: 0)';
  return command.option('--scale <N>', meaning, wholeNumber(0, 38));
}

/** Adds the three values that a client may put to an account or a transfer. */
export function addUserData(command: Command): Command {
  return command
    .option('--user-data-128 <N>', "a number or an id of the client's own", take.id)
    .option('--user-data-64 <N>', 'another', take.uint64)
    .option('--user-data-32 <N>', 'another', take.uint32);
}

/** What `addUserData` makes of the command line. */
export interface UserDataValues {
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
}

/** @returns those that were given */
export function userDataOf(options: UserDataValues) {
  const { userData128, userData64, userData32 } = options;
  return {
    ...(userData128 === undefined ? {} : { userData128 }),
    ...(userData64 === undefined ? {} : { userData64 }),
    ...(userData32 === undefined ? {} : { userData32 }),
  };
}

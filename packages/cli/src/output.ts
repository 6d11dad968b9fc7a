import { type CliError, messageOf } from './cli-error.ts';

/** Where a command writes: one line at a time, for a person or, with --json, for a program. */
export interface Output {
  readonly isJson: boolean;
  line(text: string): void;
  /** One line of JSON; 64-bit numbers must be text already. */
  json(value: object): void;
}

export function openOutput(isJson: boolean): Output {
  return {
    isJson,
    line: (text) => {
      process.stdout.write(`${text}\n`);
    },
    json: (value) => {
      process.stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** The one sentence on standard error. */
export function printError(error: CliError, isJson: boolean): void {
  const message = messageOf(error);
  const text = isJson
    ? JSON.stringify({ error: { code: error.code, message, ...placeOf(error) } })
    : `quorate: ${message}`;
  process.stderr.write(`${text}\n`);
}

/** What a program needs that goes on with an import. */
function placeOf(error: CliError): object {
  return error.code === 'CLI_IMPORT_STOPPED' ? error.metadata : {};
}

import { type Command, InvalidArgumentError } from 'commander';
import type { ClientFlags } from '../commands/endpoints.ts';

/** Called with the exit code of the command that ran. */
export type Finish = (exitCode: number) => void;

/** A command that asks a running cluster. */
export function clientCommand(program: Command, name: string, description: string): Command {
  return program.command(name).helpGroup('Use:').description(description);
}

/** Behind the command's own options, for the help lists groups in the order of their first one. */
export function addConnectionOptions(command: Command): Command {
  const endpoints = 'nodes to talk to, comma-separated (default: 127.0.0.1:2379)';
  return command
    .option('--json', 'print JSON')
    .optionsGroup('Connection:')
    .option('--endpoints <LIST>', endpoints)
    .option('--timeout-ms <MS>', 'for the whole request (default: 5000)', wholeNumber(1, 3_600_000))
    .option('--cacert <FILE>', 'TLS; the authorities that servers are checked against')
    .option('--cert <FILE>', "TLS; this client's certificate")
    .option('--key <FILE>', "the certificate's key")
    .option('--user <NAME[:PASSWORD]>', 'who asks, where the cluster asks for users')
    .option('--password <PASSWORD>', 'of the user');
}

/** What the options of a connection make of the command line. */
export interface ClientValues {
  readonly endpoints?: string;
  readonly timeoutMs?: number;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly user?: string;
  readonly password?: string;
}

/** What `addConnectionOptions` has made of the command line. */
export function clientFlags(options: ClientValues): ClientFlags {
  const { endpoints, timeoutMs, cacert, cert, key, user, password } = options;
  return { endpoints, timeoutMs, cacert, cert, key, user, password };
}

/** A parser of an option's value. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

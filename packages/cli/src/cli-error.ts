import { CodedError } from '@quorate/base';

/** By code: what a CliError knows. */
export interface CliErrorMetadata {
  /** The command line itself is wrong: exit code 2. */
  CLI_USAGE: Record<never, never>;
  /** A setting has a value that cannot be used. `origin` says who set it. */
  CLI_CONFIG_INVALID: { readonly setting: string; readonly origin: string };
  /** A key of the file, or a QUORATE_ variable, that means nothing. */
  CLI_CONFIG_UNKNOWN: { readonly name: string; readonly suggestion: string | null };
  /** The configuration file cannot be read or is not YAML. */
  CLI_CONFIG_FILE: { readonly path: string };
  CLI_PORT_IN_USE: { readonly port: number; readonly option: string };
  /** An address that cannot be listened on for any other reason. */
  CLI_ADDRESS_UNUSABLE: { readonly address: string; readonly option: string };
  /** A directory that is not what the command needs. */
  CLI_DATA_DIRECTORY: { readonly path: string };
  /** Processes of an earlier `quorate up` still use the directory. */
  CLI_ALREADY_RUNNING: { readonly path: string; readonly processIds: readonly number[] };
  /** Nothing was made or replaced; `path` is the file or directory to look at. */
  CLI_CERTS_REFUSED: { readonly path: string };
  CLI_START_FAILED: { readonly cause: string | null };
  /** A running node had to stop itself. */
  CLI_NODE_HALTED: { readonly cause: string | null };
  /** A damaged data directory is as it was; cause null: nothing can repair it. */
  CLI_REPAIR_FAILED: { readonly cause: string | null };
  /** A survivor of a lost quorum is as it was. */
  CLI_RECOVER_FAILED: { readonly cause: string | null };
  /** A snapshot file cannot be written, read, or made a data directory of. */
  CLI_SNAPSHOT_FAILED: { readonly cause: string | null };
  /** A backup cannot be made, found or read, or is damaged. */
  CLI_BACKUP_FAILED: { readonly cause: string | null };
  /** A request was refused or nobody answered: nothing was changed. */
  CLI_REQUEST_FAILED: { readonly cause: string | null };
  /**
   * An import has ended before the end of its file. All is done before `nextLine`, where the same
   * command goes on; `unanswered`: the first and the last line that were sent and not answered, if
   * there are any. Nothing happens twice.
   */
  CLI_IMPORT_STOPPED: {
    readonly cause: string | null;
    readonly path: string;
    readonly nextLine: number;
    readonly carriedOut: number;
    readonly existed: number;
    readonly refused: number;
    readonly leftOut: number;
    readonly unanswered: readonly [first: number, last: number] | null;
  };
  /** A write that may have happened, may yet happen, or never. */
  CLI_OUTCOME_UNKNOWN: { readonly cause: string | null };
}

/** Each has a row in docs/reference/errors.md. */
export type CliErrorCode = keyof CliErrorMetadata;

/** What the user did or met, in one sentence that ends with what to do; never a stack trace. */
export class CliError<Code extends CliErrorCode = CliErrorCode> extends CodedError<
  CliErrorMetadata,
  Code
> {
  override readonly name = 'CliError';

  get exitCode(): 1 | 2 {
    return this.code === 'CLI_USAGE' ? 2 : 1;
  }
}

/** The `code` of a coded error, or of an operating-system error; null for any other. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** A thrown value's message on one line, without a stack. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

/**
 * Flat, so that every format can write them. No secrets and no commands: logs leave the machine.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null>>;

/**
 * Structured logs: a stable event name in words, and fields. No string formatting by the caller.
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger whose lines all carry `fields` too. */
  child(fields: LogFields): Logger;
}

const silent = (): void => undefined;

/** Writes nothing, nor do its children. */
export const silentLogger: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  child: () => silentLogger,
};

import type { LogFields, Logger } from '@quorate/base';
import { silentLogger } from '@quorate/base';
import { destination, pino, stdTimeFunctions } from 'pino';
import type { LogOptions } from '../member.ts';
import { formatLogfmt } from './logfmt.ts';

/** Where lines go; each call is one or more whole lines. */
export interface LineSink {
  write(lines: string): void;
}

/** When whoever reads stderr stands still, further lines are lost rather than memory. */
const queuedBytesLimit = 4 * 1024 * 1024;

/** Pino writes these itself; a second one of the same name would make a line ambiguous. */
const reserved: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

let stderr: LineSink | null = null;

/**
 * One for all nodes of a process. Not synchronous, so that a terminal that stands still does not
 * freeze a node; at the process's end pino writes what is left.
 */
function sharedStderr(): LineSink {
  stderr ??= destination({ fd: 2, sync: false, maxLength: queuedBytesLimit });
  return stderr;
}

/** JSON has no integers beyond 2^53 that readers would keep exact, so a bigint becomes a string. */
function plain(fields: LogFields): Record<string, string | number | boolean | null> {
  const out: Record<string, string | number | boolean | null> = {};
  for (const [key, value] of Object.entries(fields)) {
    const name = reserved.has(key) ? `field_${key}` : key;
    out[name] = typeof value === 'bigint' ? value.toString() : value;
  }
  return out;
}

function logfmtSink(sink: LineSink): LineSink {
  return {
    write: (line) => {
      sink.write(`${formatLogfmt(JSON.parse(line) as Parameters<typeof formatLogfmt>[0])}\n`);
    },
  };
}

function behindPort(logger: pino.Logger): Logger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => {
    return (event: string, fields?: LogFields): void => {
      if (!logger.isLevelEnabled(level)) return;
      if (fields === undefined) logger[level](event);
      // A format string of its own, so that a % in an event is only a %.
      else logger[level](plain(fields), '%s', event);
    };
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => behindPort(logger.child(plain(fields))),
  };
}

/**
 * Lines with `level`, `time` (ISO 8601, UTC), the fields, and `msg`.
 *
 * @param sink stderr unless told otherwise
 */
export function createLogger(options: LogOptions, sink: LineSink = sharedStderr()): Logger {
  if (options.level === 'silent') return silentLogger;
  const logger = pino(
    {
      level: options.level,
      base: options.fields === undefined ? null : plain(options.fields),
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    options.format === 'json' ? sink : logfmtSink(sink),
  );
  return behindPort(logger);
}

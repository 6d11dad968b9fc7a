import { spawn } from 'node:child_process';
import type { Lock } from '@quorate/client';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import type { Output } from '../output.ts';
import { stopRequested } from '../stop-signal.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';
import { bytesToJson, writeBytes } from './key-text.ts';

export interface CoordinationFlags extends ClientFlags {
  readonly ttlSeconds: number | undefined;
}

/** Signals as shells count them. */
const signalExit = 128;

/** @param words a command and its arguments; none: the lock is held until a signal comes */
export async function lock(
  name: string,
  words: readonly string[],
  flags: CoordinationFlags,
  output: Output,
): Promise<number> {
  const waiting = new AbortController();
  const stop = stopRequested(false, () => process.exit(1));
  void stop.then(() => waiting.abort());
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const asked = client.lock(name, { ...ttlOf(flags), signal: waiting.signal });
    const held = await unlessStopped(asked, waiting.signal);
    if (held === null) return 0;
    try {
      if (words.length > 0) return await runUnder(held, words);
      const { key, fencingToken } = held;
      if (output.isJson) output.json({ key: bytesToJson(key), fencingToken });
      else writeBytes(key);
      await untilStopped(stop, held.lost, 'the lock');
      return 0;
    } finally {
      await held.unlock();
    }
  });
}

/** @returns the command's exit code */
async function runUnder(held: Lock, [program = '', ...words]: readonly string[]): Promise<number> {
  const key = new TextDecoder().decode(held.key);
  const env = { ...process.env, ETCD_LOCK_KEY: key, ETCD_LOCK_REV: String(held.fencingToken) };
  const child = spawn(program, words, { stdio: 'inherit', env });
  const end = (): void => void child.kill('SIGTERM');
  held.lost.addEventListener('abort', end);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', (error) => {
      const message = `${program} could not be run (${messageOf(error)}); check its name`;
      reject(new CliError('CLI_REQUEST_FAILED', message, { cause: codeOf(error) }));
    });
    child.on('close', (code) => resolve(code ?? signalExit));
  });
  held.lost.removeEventListener('abort', end);
  if (held.isLost) throw lostError('the lock', held.lost);
  return exitCode;
}

export async function elect(
  name: string,
  value: string | undefined,
  flags: CoordinationFlags,
  output: Output,
): Promise<number> {
  if (value === undefined) {
    throw new CliError('CLI_USAGE', 'VALUE is missing; give it, or --listen to see who leads', {});
  }
  const waiting = new AbortController();
  const stop = stopRequested(false, () => process.exit(1));
  void stop.then(() => waiting.abort());
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const asked = client.election(name, ttlOf(flags)).campaign(value, { signal: waiting.signal });
    const leadership = await unlessStopped(asked, waiting.signal);
    if (leadership === null) return 0;
    const { key, fencingToken } = leadership;
    if (output.isJson) output.json({ key: bytesToJson(key), value, fencingToken });
    else {
      writeBytes(key);
      output.line(value);
    }
    try {
      await untilStopped(stop, leadership.lost, 'the lead');
    } finally {
      await leadership.resign();
    }
    return 0;
  });
}

/** Prints who leads, and each change. */
export async function observe(
  name: string,
  flags: CoordinationFlags,
  output: Output,
): Promise<number> {
  const watching = new AbortController();
  void stopRequested(false, () => process.exit(1)).then(() => watching.abort());
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const { signal } = watching;
    try {
      for await (const { key, value, fencingToken } of client.election(name).observe({ signal })) {
        if (output.isJson) {
          output.json({ key: bytesToJson(key), value: bytesToJson(value), fencingToken });
        } else {
          writeBytes(key);
          writeBytes(value);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return 0;
  });
}

function ttlOf({ ttlSeconds }: CoordinationFlags) {
  return ttlSeconds === undefined ? {} : { ttlSeconds };
}

/** @returns null when it was told to stop before */
async function unlessStopped<Held>(asked: Promise<Held>, signal: AbortSignal) {
  try {
    return await asked;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** @throws CliError when it is lost first */
async function untilStopped(stop: Promise<string>, lost: AbortSignal, what: string): Promise<void> {
  const isLost = new Promise<null>((resolve) => {
    if (lost.aborted) resolve(null);
    else lost.addEventListener('abort', () => resolve(null));
  });
  if ((await Promise.race([stop, isLost])) === null) throw lostError(what, lost);
}

function lostError(what: string, lost: AbortSignal): CliError {
  const message = `${what} was lost: ${messageOf(lost.reason)}`;
  return new CliError('CLI_REQUEST_FAILED', message, { cause: codeOf(lost.reason) });
}

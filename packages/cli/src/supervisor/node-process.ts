import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseChildMessage } from '../child-message.ts';
import { messageOf } from '../cli-error.ts';
import { makeDirectory } from '../make-directory.ts';
import { lastWords, logSize, rotateLog } from './log-file.ts';
import type { NodeHandlers, NodeProcess } from './supervisor.ts';

export interface NodeCommand {
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly logPath: string;
}

/**
 * Starts one node. It writes straight into its log, so that it can go on writing when this process
 * is gone; and it has a session of its own, so that Ctrl-C in the terminal reaches only the
 * supervisor, which stops the nodes in order.
 */
export function launchNode(command: NodeCommand, handlers: NodeHandlers): NodeProcess {
  let log: number;
  try {
    log = openLog(command.logPath);
  } catch (error) {
    const exit = { exitCode: null, signal: null, lastWords: messageOf(error) };
    setImmediate(() => handlers.exited(exit));
    return { processId: 0, kill: () => undefined };
  }
  const logStart = logSize(command.logPath);
  const child = spawn(command.executable, [...command.arguments], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: nodeEnvironment(process.env),
  });
  closeSync(log);
  let hasExited = false;
  const exited = (exitCode: number | null, signal: string | null, said: string | null): void => {
    if (hasExited) return;
    hasExited = true;
    handlers.exited({ exitCode, signal, lastWords: said });
  };
  child.on('message', (value) => {
    const message = parseChildMessage(value);
    if (message !== null && !hasExited) handlers.message(message);
  });
  // An error of a process that did start (a signal that could not be sent) is followed by its end.
  child.on('error', (error) => {
    if (child.pid === undefined) exited(null, null, messageOf(error));
  });
  // Not at `exit`: the last message may still be in the channel then.
  child.on('close', (exitCode, signal) => {
    exited(exitCode, signal, lastWords(command.logPath, logStart));
  });
  return {
    processId: child.pid ?? 0,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function openLog(path: string): number {
  makeDirectory(dirname(path));
  rotateLog(path);
  return openSync(path, 'a');
}

/** The supervisor passes every setting as a flag; its own environment must not add any. */
function nodeEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([variable]) => !variable.startsWith('QUORATE_')),
  );
}

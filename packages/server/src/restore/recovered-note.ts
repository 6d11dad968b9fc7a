import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@quorate/base';
import type { Configuration } from '@quorate/schema';

/** The file's name, beside the identity. */
export const recoveredName = 'recovered';

/** What a member that was made the only voter says of it. Ids are hex digits. */
export interface RecoveredNote {
  readonly clusterId: string;
  /** The cluster whose quorum was lost. */
  readonly fromClusterId: string;
  readonly memberId: string;
  /** Of the log that was taken over, all of it. */
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Known to have been committed up to here. */
  readonly commitIndex: number;
  /** Of the state that it goes on from. */
  readonly revision: number;
  readonly bumpRevision: number;
  /** Voters that were left behind. */
  readonly lostVoters: readonly string[];
  /** The old data directory, below the new one. */
  readonly keptIn: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Durable on return, but for its name. */
export function writeRecovered(directory: string, note: RecoveredNote): void {
  const fd = openSync(join(directory, recoveredName), 'wx', 0o600);
  try {
    writeSync(fd, `${JSON.stringify(note, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** @returns null when the member was not recovered, or there is no such directory */
export function readRecovered(directory: string): RecoveredNote | null {
  try {
    const text = readFileSync(join(directory, recoveredName), 'utf8');
    const note = JSON.parse(text) as Partial<RecoveredNote> | null;
    const isId = /^[0-9a-f]{16}$/.test(String(note?.clusterId));
    // It becomes part of a path.
    const isName = /^before-recovery-[0-9a-f]{16}$/.test(String(note?.keptIn));
    return isId && isName ? (note as RecoveredNote) : null;
  } catch {
    return null;
  }
}

const recentMs = 7 * 24 * 3600 * 1000;
const soundVoters = 3;

/** At a start: whoever looks into the log of these days should know what the data went through. */
export function warnOfRecovery(
  note: RecoveredNote,
  { voters }: Configuration,
  logger: Logger,
): void {
  const isRecent = Date.now() - Date.parse(note.at) < recentMs;
  if (!isRecent && voters.length >= soundVoters) return;
  logger.warn('this cluster was recovered from the loss of its quorum', {
    at: note.at,
    fromClusterId: note.fromClusterId,
    lastIndex: note.lastIndex,
    voters: voters.length,
    keptIn: note.keptIn,
    advice: voters.length < soundVoters ? 'add members until it has three' : 'see the guide',
  });
}

/** Prometheus text format. */
export function recoveredText(note: RecoveredNote): string {
  const name = 'quorate_recovered_timestamp_seconds';
  const help = 'When this member was made the only voter after a lost quorum, Unix time.';
  const seconds = Math.floor(Date.parse(note.at) / 1000);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${seconds}\n`;
}

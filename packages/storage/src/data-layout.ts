/**
 * What lies where in a data directory:
 *
 *   identity                      whose directory this is
 *   log-begun                     present once the log has its first segment; while a repair is
 *                                 being finished, which one is the first (wal/log-restart.ts)
 *   wal/0000000000000001.seg      the log's segments, numbered without a gap; the last is the spare
 *   wal/0000000000000009.part     what a repair made, until it is the log
 *   damaged-0000000000000009/     the segments, and damaged snapshots, that it replaced
 *   snapshots/GROUP-INDEX-TERM.snap, and .part while being written
 *   machines/GROUP/               what the group's state machine keeps there by itself
 *
 * A data directory of '.' is the file-system port's root.
 */
export function joinPath(directory: string, name: string): string {
  return directory === '.' ? name : `${directory}/${name}`;
}

export function identityPath(directory: string): string {
  return joinPath(directory, 'identity');
}

export function logBegunPath(directory: string): string {
  return joinPath(directory, 'log-begun');
}

export function walDirectory(directory: string): string {
  return joinPath(directory, 'wal');
}

export function snapshotDirectory(directory: string): string {
  return joinPath(directory, 'snapshots');
}

/** Below it each group's state machine has a directory by the group's id, if it keeps files. */
export function machinesDirectory(directory: string): string {
  return joinPath(directory, 'machines');
}

export function segmentPath(directory: string, sequence: number): string {
  return `${walDirectory(directory)}/${digits(sequence)}.seg`;
}

export function repairedSegmentPath(directory: string, sequence: number): string {
  return `${walDirectory(directory)}/${digits(sequence)}.part`;
}

/** Where a repair puts what the segment `sequence` replaces. */
export function damagedDirectory(directory: string, sequence: number): string {
  return joinPath(directory, `damaged-${digits(sequence)}`);
}

function digits(sequence: number): string {
  return String(sequence).padStart(16, '0');
}

const segmentName = /^(\d{16})\.seg$/;

/** @returns null for a name that is not a segment's */
export function sequenceOf(name: string): number | null {
  const match = segmentName.exec(name);
  const sequence = Number(match?.[1] ?? 0);
  return Number.isSafeInteger(sequence) && sequence > 0 ? sequence : null;
}

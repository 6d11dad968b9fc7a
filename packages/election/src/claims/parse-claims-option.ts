import { resolve, sep } from 'node:path';
import { HostError } from '@quorate/host';
import { checkKeys, refuse, shown } from '../refuse-option.ts';
import type { ElectionClaimsOptions } from './election-claims.ts';

/**
 * @param dataDir absolute; null: in memory
 * @returns the watermark's directory, absolute; null: the election has no claims
 * @throws ElectionError ELECTION_OPTIONS_INVALID
 */
export function watermarkDirOf(
  claims: ElectionClaimsOptions | undefined,
  dataDir: string | null,
): string | null {
  if (claims === undefined) return null;
  checkKeys('claims.', claims, ['watermarkDir'] satisfies (keyof ElectionClaimsOptions)[]);
  const given: unknown = claims.watermarkDir;
  const field = 'claims.watermarkDir';
  const fix = "name a directory that this signer alone uses, such as './signer-1'";
  if (given === undefined) return refuse(field, 'is missing', fix);
  if (typeof given !== 'string' || given === '' || given.includes('\0')) {
    return refuse(field, `is ${shown(given)}`, fix);
  }
  const directory = resolve(given);
  if (dataDir !== null && `${directory}${sep}`.startsWith(`${dataDir}${sep}`)) {
    const problem = `${directory} is in dataDir, and would be restored or lost with it`;
    return refuse(field, problem, 'name a directory outside of it');
  }
  return directory;
}

/**
 * @param error of opening the node's groups
 * @throws ElectionError ELECTION_OPTIONS_INVALID when the directory holds claims and none were
 *   asked for: a replica that does not know them must not vote for them
 */
export function checkClaimsGiven(error: unknown, watermarkDir: string | null): void {
  const isUnknown = error instanceof HostError && error.code === 'HOST_GROUP_UNKNOWN';
  if (!isUnknown || watermarkDir !== null) return;
  const fix = 'give it as before: what was claimed must not be forgotten';
  refuse('claims', 'is missing, and dataDir holds claims', fix);
}

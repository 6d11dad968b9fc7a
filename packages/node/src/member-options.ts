import type { Address } from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { defaultTuning } from '@quorate/host';
import { groupIdOf } from './ids.ts';
import type { LogOptions, MemberOptions } from './member.ts';
import { NodeError } from './node-error.ts';

const levels: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent'];
const formats: readonly string[] = ['json', 'logfmt'];
const clusterIdPattern = /^[0-9a-f]{16}$/;
const longestGroupName = 200;
const mostMembers = 99;

const stateMachineMethods = ['apply', 'snapshot', 'restore'] as const;

function refuse(field: string, problem: string, fix: string): never {
  const message = `option ${field} ${problem}: ${fix}`;
  throw new NodeError('NODE_OPTIONS_INVALID', message, { field, fix });
}

function checkNodeId(field: string, id: unknown): void {
  if (Number.isSafeInteger(id) && (id as number) > 0) return;
  refuse(field, `is ${String(id)}`, 'give a whole number from 1 to 2^53 - 1');
}

function checkAddress(field: string, address: Address | undefined, lowestPort: number): void {
  if (typeof address?.host !== 'string' || address.host === '') {
    refuse(`${field}.host`, 'is missing', 'give a host name or an IP address');
  }
  const { port } = address;
  if (Number.isInteger(port) && port >= lowestPort && port <= 65_535) return;
  refuse(`${field}.port`, `is ${String(port)}`, `give a whole number from ${lowestPort} to 65535`);
}

function checkMembers(options: MemberOptions): void {
  const { members, nodeId } = options;
  if (!(members instanceof Map)) {
    refuse('members', 'is not a Map', 'give a Map from node id to address');
  }
  if (members.size > mostMembers) {
    refuse('members', `has ${members.size} members`, `give at most ${mostMembers}`);
  }
  const owners = new Map<string, number>();
  for (const [id, address] of options.members) {
    const field = `members[${id}]`;
    checkNodeId(field, id);
    checkAddress(field, address, id === nodeId ? 0 : 1);
    const text = formatAddress(address);
    const owner = owners.get(text);
    if (owner !== undefined) {
      refuse(field, `has the address ${text} of member ${owner}`, 'give each member its own');
    }
    owners.set(text, id);
  }
  if (members.has(nodeId)) return;
  refuse('members', `lacks this node (${nodeId})`, 'list every voter, this node included');
}

function checkGroups(groups: MemberOptions['groups']): void {
  const entries = Object.entries(groups ?? {});
  if (entries.length === 0) refuse('groups', 'is empty', 'name at least one state machine');
  const names = new Map<number, string>();
  for (const [name, stateMachine] of entries) {
    const field = `groups[${JSON.stringify(name)}]`;
    if (name === '' || name.length > longestGroupName) {
      refuse(field, 'has no usable name', `use 1 to ${longestGroupName} characters`);
    }
    for (const method of stateMachineMethods) {
      if (typeof stateMachine?.[method] === 'function') continue;
      refuse(`${field}.${method}`, 'is not a function', 'give an object that is a StateMachine');
    }
    const id = groupIdOf(name);
    const other = names.get(id);
    if (other !== undefined) {
      refuse(field, `has the same id (${id}) as ${JSON.stringify(other)}`, 'rename the newer one');
    }
    names.set(id, name);
  }
}

/** Each by itself; how the durations fit each other is the host's to say. */
function checkTuning(tuning: MemberOptions['tuning']): void {
  for (const [name, value] of Object.entries(tuning ?? {})) {
    const field = `tuning.${name}`;
    if (!Object.hasOwn(defaultTuning, name)) {
      refuse(field, 'is unknown', `use one of ${Object.keys(defaultTuning).join(', ')}`);
    }
    // A fraction, or null; the host checks it.
    if (name === 'maxClockDrift' || value === null) continue;
    const lowest = name === 'snapshotTailEntries' ? 0 : 1;
    if (Number.isSafeInteger(value) && Number(value) >= lowest) continue;
    refuse(field, `is ${String(value)}`, `give a whole number, at least ${lowest}`);
  }
}

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkLog(log: LogOptions | undefined): void {
  if (!log) return;
  if (!levels.includes(log.level)) {
    refuse('log.level', `is ${String(log.level)}`, `use one of ${levels.join(', ')}`);
  }
  if (!formats.includes(log.format)) {
    refuse('log.format', `is ${String(log.format)}`, `use one of ${formats.join(', ')}`);
  }
}

/**
 * Checks what a program gave us; types do not bind callers in plain JavaScript, and configuration
 * files reach this too.
 *
 * @throws NodeError NODE_OPTIONS_INVALID with the path of the first bad field and what to give
 */
export function checkMemberOptions(options: MemberOptions): void {
  if (typeof options !== 'object' || options === null) {
    refuse('options', `is ${String(options)}`, 'give an object of MemberOptions');
  }
  checkNodeId('nodeId', options.nodeId);
  if (typeof options.clusterId !== 'string' || !clusterIdPattern.test(options.clusterId)) {
    refuse('clusterId', 'is not 16 lower-case hex digits', 'use clusterIdOf');
  }
  const { dataDirectory, storage } = options;
  if (dataDirectory === null) {
    if (storage === undefined) {
      refuse('dataDirectory', 'is null', 'name a directory, or give a storage that keeps nothing');
    }
  } else if (
    typeof dataDirectory !== 'string' ||
    dataDirectory === '' ||
    dataDirectory.includes('\0')
  ) {
    refuse('dataDirectory', 'is not a path', 'name a directory this node alone uses');
  }
  checkAddress('listen', options.listen, 0);
  checkMembers(options);
  checkGroups(options.groups);
  checkTuning(options.tuning);
  checkLog(options.log);
  if (options.onHalt === undefined || typeof options.onHalt === 'function') return;
  refuse('onHalt', 'is not a function', 'give a function that takes the error');
}

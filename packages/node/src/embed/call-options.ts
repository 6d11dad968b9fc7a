import { checkDurability, OptionError } from '@quorate/runtime';
import type { NewMember, ProposeOptions, ReadOptions } from './node.ts';
import { checkBoolean, checkId, checkNames, refuseOption, shown } from './refuse-option.ts';
import type { SessionOptions } from './session.ts';

const ofPropose = ['signal', 'session', 'durability'] satisfies (keyof ProposeOptions)[];
const ofRead = [
  'consistency',
  'maxStalenessMs',
  'minIndex',
  'signal',
] satisfies (keyof ReadOptions)[];
const ofSession = ['ttlMs', 'maxOutstanding', 'timeoutMs'] satisfies (keyof SessionOptions)[];
const ofMember = ['id', 'address', 'learner'] satisfies (keyof NewMember)[];
const consistencies: readonly unknown[] = ['linearizable', 'lease', 'bounded', 'local'];

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkProposeOptions(options: ProposeOptions): void {
  checkNames(options, ofPropose, 'ProposeOptions');
  const { signal, session, durability } = options;
  checkSignal(signal);
  if (durability === undefined) return;
  if (session !== undefined) {
    const fix = 'propose without a session, or read with the class afterwards';
    refuseOption('durability', 'stands beside session', fix);
  }
  try {
    checkDurability(durability);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { field, fix } = error.metadata;
    const found: unknown = Reflect.get(Object(durability), field.split('.')[1] ?? '');
    refuseOption(field, `is ${shown(field === 'durability' ? durability : found)}`, fix);
  }
}

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkReadOptions(options: ReadOptions): void {
  checkNames(options, ofRead, 'ReadOptions');
  const { consistency, minIndex, maxStalenessMs, signal } = options;
  checkSignal(signal);
  if (consistency !== undefined && !consistencies.includes(consistency)) {
    refuseOption(
      'consistency',
      `is ${shown(consistency)}`,
      `give one of ${consistencies.join(', ')}`,
    );
  }
  if (minIndex !== undefined && !(Number.isSafeInteger(minIndex) && minIndex >= 0)) {
    const fix = 'give the index of an entry, such as a proposal had';
    refuseOption('minIndex', `is ${shown(minIndex)}`, fix);
  }
  if (maxStalenessMs !== undefined && !(Number(maxStalenessMs) >= 0)) {
    const fix = 'give a number of milliseconds from 0';
    refuseOption('maxStalenessMs', `is ${shown(maxStalenessMs)}`, fix);
  }
  if (consistency === 'bounded' && maxStalenessMs === undefined) {
    refuseOption('maxStalenessMs', 'is missing', 'a bounded read needs a number of milliseconds');
  }
}

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkSessionOptions(options: SessionOptions): void {
  checkNames(options, ofSession, 'SessionOptions');
  for (const field of ofSession) {
    const value = options[field];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
    refuseOption(field, `is ${shown(value)}`, 'give a whole number from 1');
  }
}

/** @throws NodeError NODE_OPTIONS_INVALID */
export function checkNewMember(member: NewMember): void {
  checkNames(member, ofMember, 'NewMember');
  checkId('id', member.id);
  checkBoolean('learner', member.learner);
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  refuseOption('signal', `is ${shown(signal)}`, 'give an AbortSignal');
}

import { etcd } from '@quorate/schema';
import { rpcErrors } from '../core/rpc-error.ts';
import type { ServiceContext } from '../core/service-context.ts';

/** What the checks look at. */
export interface Checked {
  readonly context: ServiceContext;
  /** Whether the log has room. */
  readonly writable: boolean;
  /** This node is about to close: whoever asks should go elsewhere. */
  readonly isDraining: boolean;
}

/** Tells why it fails; '' when all is well. */
export type Check = (checked: Checked) => string | Promise<string>;

/** State is in memory: as long as there is an answer at all, it can be read. */
const serializableRead: Check = () => '';

/** Probes give up after a few seconds, and are to hear the reason before that. */
const readLimitMs = 1500;

export const linearizableRead: Check = ({ context }) =>
  new Promise((resolve) => {
    const answer = (reason: string): void => {
      timer.cancel();
      resolve(reason);
    };
    const late = (): void => resolve(rpcErrors.timedOut.message);
    const timer = context.options.timers.after(readLimitMs, late);
    context.linearizable(
      (error) => answer(error?.message ?? ''),
      () => answer(''),
    );
  });

const dataCorruption: Check = ({ context }) =>
  context.options.machine.alarms.isCorrupt ? 'alarm activated: CORRUPT' : '';

const nonLearner: Check = ({ context }) => {
  const { configuration, node } = context.group.status();
  return configuration.learners.includes(node) ? 'not supported for learner' : '';
};

const notDraining: Check = ({ isDraining }) => (isDraining ? 'this member is being stopped' : '');

/** Whether the process is worth keeping: nothing that another member could be the cause of. */
export const livezChecks: Readonly<Record<string, Check>> = {
  serializable_read: serializableRead,
};

/** Whether clients should be sent here. `not_draining` is ours, the others are as etcd has them. */
export const readyzChecks: Readonly<Record<string, Check>> = {
  data_corruption: dataCorruption,
  serializable_read: serializableRead,
  linearizable_read: linearizableRead,
  non_learner: nonLearner,
  not_draining: notDraining,
};

/**
 * The first of the alarms that are on, this member's disk included; '' when there is none.
 *
 * @param excluded names of alarms that do not count
 */
export function alarmReason({ context, writable }: Checked, excluded: readonly string[]): string {
  for (const { type } of context.options.machine.alarms.all) {
    const name = type === etcd.AlarmType.NOSPACE ? 'NOSPACE' : 'CORRUPT';
    if (!excluded.includes(name)) return `ALARM ${name}`;
  }
  return writable || excluded.includes('DISKFULL') ? '' : 'ALARM DISKFULL';
}

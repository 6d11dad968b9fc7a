import { defaultSessionLimits, encodeSessionCommand, type SessionLimits } from '@quorate/runtime';
import type { LedgerClients } from './ledger-client.ts';

/** Short enough that sessions expire within a run, windows fill, and answers are not remembered. */
const shortLimits: SessionLimits = {
  ...defaultSessionLimits,
  maxSessions: 6,
  maxWindow: 6,
  maxAnswerBytes: 40,
  minTtlMs: 400,
  maxStepMs: 100,
};

const attemptMs = 300;

/** Sets limits that suit a run of seconds, as an operator would; asks until it is done. */
export function limitSessions({ cluster, group, nodes }: LedgerClients): void {
  const command = encodeSessionCommand({ kind: 'setLimits', limits: shortLimits });
  let isDone = false;
  const ask = (): void => {
    if (isDone) return;
    const leader = nodes.find(({ host }) => host?.group(group).status().role === 'leader');
    leader?.host?.group(group).propose(command, (error) => {
      isDone ||= error === null;
    });
    cluster.scheduler.schedule(attemptMs, ask);
  };
  ask();
}

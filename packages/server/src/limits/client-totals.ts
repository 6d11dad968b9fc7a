import { constants } from 'node:buffer';
import { totalmem } from 'node:os';
import { SharedLimit } from './shared-limit.ts';

/** What all clients together may take of this process. */
export interface ClientTotalLimits {
  /** Answers that are not yet with the system. */
  readonly answerBytes: number;
  /** Requests of which not everything is there. */
  readonly requestBytes: number;
  /** Calls under way, about: a connection's first few are not counted. */
  readonly calls: number;
}

/** Those of a machine, or a container, with so much memory. */
export function usualTotals(memoryBytes: number): ClientTotalLimits {
  return {
    answerBytes: Math.min(2 ** 30, Math.max(2 ** 26, Math.floor(memoryBytes / 4))),
    requestBytes: Math.min(2 ** 29, Math.max(2 ** 26, Math.floor(memoryBytes / 8))),
    calls: 200_000,
  };
}

/** What this process may have: its container's memory, or the machine's. */
export function memoryBytes(): number {
  // 0, or more than any machine has: nothing constrains it.
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < constants.MAX_LENGTH ? Math.min(constrained, total) : total;
}

const prefix = 'quorate_clients';

/** Counts what all clients together hold, over HTTP/2 and HTTP/1.1. */
export class ClientTotals {
  readonly answers: SharedLimit;
  readonly requests: SharedLimit;
  readonly calls: SharedLimit;

  constructor(limits: ClientTotalLimits = usualTotals(memoryBytes())) {
    // Not at once: whoever is cut may be in the middle of something.
    this.answers = new SharedLimit(limits.answerBytes, () =>
      setImmediate(() => this.answers.relieve()),
    );
    this.requests = new SharedLimit(limits.requestBytes, () =>
      setImmediate(() => this.requests.relieve()),
    );
    this.calls = new SharedLimit(limits.calls);
  }

  /** In the Prometheus text format. */
  metricsText(): string {
    const { answers, requests, calls } = this;
    const bytes = { answers, requests };
    const all = { answers, requests, calls };
    return [
      metric('held_bytes', 'gauge', 'What waits in memory for clients.', bytes, 'amount'),
      metric('held_bytes_limit', 'gauge', 'What may wait so.', bytes, 'most'),
      metric('calls', 'gauge', 'Calls under way, but for the first few of each.', { calls }, 'amount'),
      metric('refusals_total', 'counter', 'Requests beyond a limit for all.', all, 'refusals'),
      metric('cuts_total', 'counter', 'Connections that held most when it was too much.', bytes, 'cuts'),
    ].join('');
  }
}

function metric(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  limits: Readonly<Record<string, SharedLimit>>,
  field: 'amount' | 'most' | 'refusals' | 'cuts',
): string {
  const samples = Object.entries(limits).map(
    ([what, limit]) => `${prefix}_${name}{what="${what}"} ${limit[field]}\n`,
  );
  return `# HELP ${prefix}_${name} ${help}\n# TYPE ${prefix}_${name} ${type}\n${samples.join('')}`;
}

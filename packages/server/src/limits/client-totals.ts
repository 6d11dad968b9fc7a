import type { Socket } from 'node:net';
import { totalmem } from 'node:os';
import { type Share, SharedLimit } from './shared-limit.ts';

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
function usualTotals(memoryBytes: number): ClientTotalLimits {
  return {
    answerBytes: Math.min(2 ** 30, Math.max(2 ** 26, Math.floor(memoryBytes / 4))),
    requestBytes: Math.min(2 ** 29, Math.max(2 ** 26, Math.floor(memoryBytes / 8))),
    calls: 200_000,
  };
}

/** What this process may have: its container's memory, or the machine's. */
function memoryBytes(): number {
  // 0, or more than any machine has: nothing constrains it.
  const constrainedBytes = process.constrainedMemory();
  return constrainedBytes > 0 ? Math.min(constrainedBytes, totalmem()) : totalmem();
}

const prefix = 'quorate_clients';

/** Counts what all clients together hold, over HTTP/2 and HTTP/1.1. */
export class ClientTotals {
  readonly answers: SharedLimit;
  readonly requests: SharedLimit;
  readonly calls: SharedLimit;

  readonly #cut: (host: string) => void;

  /** @param cut told of each connection that was cut */
  constructor(
    limits: ClientTotalLimits = usualTotals(memoryBytes()),
    cut: (host: string) => void = () => undefined,
  ) {
    this.#cut = cut;
    // Not at once: whoever is cut may be in the middle of something.
    this.answers = new SharedLimit(limits.answerBytes, () =>
      setImmediate(() => this.answers.relieve()),
    );
    this.requests = new SharedLimit(limits.requestBytes, () =>
      setImmediate(() => this.requests.relieve()),
    );
    this.calls = new SharedLimit(limits.calls);
  }

  /** Of a connection, which is cut where it holds most when it is too much. */
  sharesOf(socket: Socket): {
    readonly answers: Share;
    readonly requests: Share;
    readonly calls: Share;
  } {
    const host = socket.remoteAddress ?? 'unknown';
    const cut = (): void => {
      this.#cut(host);
      socket.destroy();
    };
    return {
      answers: this.answers.open(host, cut),
      requests: this.requests.open(host, cut),
      calls: this.calls.open(host, cut),
    };
  }

  /** In the Prometheus text format. */
  metricsText(): string {
    const { answers, requests, calls } = this;
    const bytes = { answers, requests };
    const all = { answers, requests, calls };
    const cut = 'Connections that held most when it was too much.';
    return [
      metric('held_bytes', 'gauge', 'What waits in memory for clients.', bytes, 'amount'),
      metric('held_bytes_limit', 'gauge', 'What may wait so.', bytes, 'most'),
      text('calls', 'gauge', 'Calls under way, in steps of 16 a connection.', [['', calls.amount]]),
      metric('refusals_total', 'counter', 'Requests beyond a limit for all.', all, 'refusals'),
      metric('cuts_total', 'counter', cut, bytes, 'cuts'),
    ].join('');
  }
}

type Type = 'gauge' | 'counter';

function metric(
  name: string,
  type: Type,
  help: string,
  limits: Readonly<Record<string, SharedLimit>>,
  field: 'amount' | 'most' | 'refusals' | 'cuts',
): string {
  const samples = Object.entries(limits).map(([what, limit]): [string, number] => [
    `{what="${what}"}`,
    limit[field],
  ]);
  return text(name, type, help, samples);
}

function text(name: string, type: Type, help: string, samples: [string, number][]): string {
  const lines = samples.map(([labels, value]) => `${prefix}_${name}${labels} ${value}\n`);
  return `# HELP ${prefix}_${name} ${help}\n# TYPE ${prefix}_${name} ${type}\n${lines.join('')}`;
}

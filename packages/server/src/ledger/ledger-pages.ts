import type { GroupHandle } from '@quorate/runtime';
import type { ClockWatch } from '../core/ledger/clock-watch.ts';
import type { LedgerResult } from '../core/ledger/ledger-group.ts';
import type { LedgerService } from '../core/ledger/ledger-service.ts';
import type { PulseTicker } from '../core/ledger/pulse-ticker.ts';
import type { ServedBooks } from '../core/ledger/served-books.ts';
import { apiIdOf } from '../core/member-id.ts';
import { serviceMetricsText } from '../metrics-text.ts';
import type { HttpAnswer, HttpEndpoint } from '../port/http-endpoints.ts';

/** Probes give up after a few seconds, and are to hear the reason before that. */
const readLimitMs = 1500;

export interface LedgerPagesOptions {
  readonly name: string;
  readonly service: LedgerService;
  readonly group: Pick<GroupHandle<LedgerResult>, 'status' | 'readBarrier'>;
  readonly books: Pick<ServedBooks, 'accountCount' | 'transferCount'>;
  readonly pulses: Pick<PulseTicker, 'pulses'>;
  readonly clockWatch: Pick<ClockWatch, 'offsetSeconds'>;
  readonly isDraining: () => boolean;
  readonly isWritable: () => boolean;
  /** Of the node, its doors and its limits. */
  readonly metricsText: () => Promise<string>;
}

function text(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** What a ledger's server says in plain HTTP, by path. */
export function ledgerPages(options: LedgerPagesOptions): Record<string, HttpEndpoint> {
  const { name, group } = options;
  return {
    '/livez': () => text(200, 'ok\n'),
    '/readyz': async () => answerOf(await unreadiness(options)),
    '/health': async () => {
      const reason = options.isWritable() ? await unreadiness(options) : 'the disk is full';
      return json(reason === '' ? 200 : 503, { health: String(reason === ''), reason });
    },
    // For load balancers that are to send batches to the leader only.
    '/leader': () => {
      const { leader, term, role } = group.status();
      const id = leader === 0 ? '' : apiIdOf(leader).toString(16);
      return json(role === 'leader' ? 200 : 503, { leader: id, name, term });
    },
    '/metrics': async () => {
      const body = `${await options.metricsText()}\n${ownMetrics(options)}`;
      return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body };
    },
  };
}

function answerOf(reason: string): HttpAnswer {
  return reason === '' ? text(200, 'ok\n') : text(503, `${reason}\n`);
}

/** Why clients should not be sent here; '' when they may. */
async function unreadiness({ group, isDraining }: LedgerPagesOptions): Promise<string> {
  if (isDraining()) return 'this member is being stopped';
  if (group.status().leader === 0) return 'there is no leader';
  return new Promise((fulfil) => {
    const timer = setTimeout(() => fulfil('a read takes too long'), readLimitMs);
    group.readBarrier((error) => {
      clearTimeout(timer);
      fulfil(error?.message ?? '');
    });
  });
}

function metric(name: string, type: 'gauge' | 'counter', help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}

function clockOffset(seconds: number): string {
  const help = "Time of the log less this machine's clock.";
  return metric('quorate_ledger_clock_offset_seconds', 'gauge', help, seconds);
}

function ownMetrics(options: LedgerPagesOptions): string {
  const { service, group, books, pulses, clockWatch, isWritable } = options;
  const { leader, role } = group.status();
  const state = {
    hasLeader: leader !== 0,
    isLeader: role === 'leader',
    writable: isWritable(),
    streams: service.streams,
  };
  const { gate } = service;
  const { offsetSeconds } = clockWatch;
  return [
    serviceMetricsText(service.handled, state),
    metric('quorate_ledger_accounts', 'gauge', 'Accounts there are.', books.accountCount),
    metric('quorate_ledger_transfers', 'gauge', 'Transfers carried out.', books.transferCount),
    metric('quorate_ledger_proposals', 'gauge', 'Batches under way from here.', gate.proposals),
    metric('quorate_ledger_waiting', 'gauge', 'Batches that wait for these.', gate.waiting),
    metric('quorate_ledger_waiting_bytes', 'gauge', 'And their bytes.', gate.waitingBytes),
    metric('quorate_ledger_pulses_total', 'counter', 'Entries for expiry alone.', pulses.pulses),
    ...(offsetSeconds === null ? [] : [clockOffset(offsetSeconds)]),
  ].join('');
}

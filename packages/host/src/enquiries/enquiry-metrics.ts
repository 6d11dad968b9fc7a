import type { Address, Clock, Metrics } from '@quorate/base';
import type { EnquiryDone, EnquiryHandler } from '@quorate/transport';

/** Whoever asks other nodes. */
export interface Asking {
  ask(address: Address, request: Uint8Array, timeoutMs: number, done: EnquiryDone): void;
}

export interface EnquiryMetrics {
  /** @returns the same, with all that is asked counted; what waits its turn counts as asked */
  asking(enquirer: Asking): Asking;
  /** @returns the same, with all that it answers counted */
  serving(handler: EnquiryHandler): EnquiryHandler;
}

/** By the first byte; the others are JSON. */
const binaryKinds: ReadonlyMap<number, string> = new Map([
  [1, 'feedEntries'],
  [2, 'feedSnapshot'],
  [3, 'feedBarrier'],
  [4, 'feedFollow'],
  [16, 'propose'],
  [17, 'query'],
]);
/** Answers that say no: of a feed, and of a member to a node outside (elsewhere, failed). */
const binaryRefusals: ReadonlySet<number> = new Set([5, 7, 18, 19]);
/** What a label may say: anything may come from outside. */
const clusterKinds: ReadonlySet<string> = new Set([
  'describe',
  'join',
  'change',
  'transfer',
  'meet',
  'release',
  'probe',
]);

const text = new TextDecoder();
/** The kind comes first, in what every version has written. */
const kindPattern = /^\{"kind":"([a-z]+)"/;
const kindBytes = 32;

function kindInJson(bytes: Uint8Array): string {
  return kindPattern.exec(text.decode(bytes.subarray(0, kindBytes)))?.[1] ?? '';
}

function kindOf(request: Uint8Array): string {
  const binary = binaryKinds.get(request[0] ?? 0);
  if (binary !== undefined) return binary;
  const kind = kindInJson(request);
  return clusterKinds.has(kind) ? kind : 'unknown';
}

function isRefusal(answer: Uint8Array): boolean {
  return binaryRefusals.has(answer[0] ?? 0) || kindInJson(answer) === 'refused';
}

/** Counts what this process asks of other nodes, and what they ask of it, beside Raft itself. */
export function createEnquiryMetrics(metrics: Metrics, clock: Clock): EnquiryMetrics {
  const counter = (name: string, help: string, ...labels: string[]) =>
    metrics.counter({ name: `quorate_enquiry_${name}_total`, help, labels: ['kind', ...labels] });
  const asked = counter('asked', 'Enquiries that other nodes were asked, by outcome', 'outcome');
  const served = counter('served', 'Enquiries of other nodes answered, by outcome', 'outcome');
  const sentBytes = counter('sent_bytes', 'Bytes of requests asked and answers given');
  const receivedBytes = counter('received_bytes', 'Bytes of answers and of requests to answer');
  return {
    asking: (enquirer) => ({
      ask: (address, request, timeoutMs, done) => {
        const kind = kindOf(request);
        const deadlineMs = clock.monotonicMs() + timeoutMs;
        sentBytes.add(request.length, { kind });
        enquirer.ask(address, request, timeoutMs, (error, answer) => {
          if (answer !== null) {
            receivedBytes.add(answer.length, { kind });
            asked.add(1, { kind, outcome: isRefusal(answer) ? 'refused' : 'answered' });
          } else {
            const isLate = clock.monotonicMs() >= deadlineMs;
            asked.add(1, { kind, outcome: isLate ? 'timeout' : 'failed' });
          }
          done(error, answer);
        });
      },
    }),
    serving: (handler) => (request, answer) => {
      const kind = kindOf(request);
      receivedBytes.add(request.length, { kind });
      handler(request, (body) => {
        sentBytes.add(body.length, { kind });
        served.add(1, { kind, outcome: isRefusal(body) ? 'refused' : 'answered' });
        answer(body);
      });
    },
  };
}

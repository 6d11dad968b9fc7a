import type { Address, Clock } from '@quorate/base';
import { type Enquirer, type EnquiryDone, TransportError } from '@quorate/transport';

interface Waiting {
  readonly request: Uint8Array;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly done: EnquiryDone;
}

interface Line {
  underWay: number;
  waiting: Waiting[];
}

/** Of one node at a time. It ends a connection on which more than 64 wait for an answer. */
const mostUnderWay = 48;

/** An enquirer that asks one node only so much at a time; the rest waits its turn. */
export class LimitedEnquirer {
  readonly #enquirer: Pick<Enquirer, 'ask' | 'close'>;
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(enquirer: Pick<Enquirer, 'ask' | 'close'>, clock: Clock) {
    this.#enquirer = enquirer;
    this.#clock = clock;
  }

  /**
   * @param timeoutMs for the answer; what has waited for as long before it could be asked is not
   *   asked any more
   * @param done called once, from the event loop
   */
  ask(address: Address, request: Uint8Array, timeoutMs: number, done: EnquiryDone): void {
    const key = `${address.host} ${address.port}`;
    const line = this.#lines.get(key) ?? { underWay: 0, waiting: [] };
    this.#lines.set(key, line);
    const deadlineMs = this.#clock.monotonicMs() + timeoutMs;
    const asked = { request, timeoutMs, deadlineMs, done };
    if (line.underWay < mostUnderWay) this.#begin(address, line, asked);
    else line.waiting.push(asked);
  }

  close(): void {
    this.#enquirer.close();
  }

  #begin(address: Address, line: Line, { request, timeoutMs, done }: Waiting): void {
    line.underWay += 1;
    this.#enquirer.ask(address, request, timeoutMs, (error, body) => {
      line.underWay -= 1;
      this.#next(address, line);
      done(error, body);
    });
  }

  #next(address: Address, line: Line): void {
    const nowMs = this.#clock.monotonicMs();
    while (line.underWay < mostUnderWay) {
      const next = line.waiting.shift();
      if (next === undefined) break;
      if (next.deadlineMs > nowMs) this.#begin(address, line, next);
      else next.done(tooLate(address, next.timeoutMs), null);
    }
    const isIdle = line.underWay === 0 && line.waiting.length === 0;
    if (isIdle) this.#lines.delete(`${address.host} ${address.port}`);
  }
}

/** Whether what failed may have arrived all the same. */
export function mayHaveArrived(error: Error): boolean {
  const isEnquiry = error instanceof TransportError && 'sent' in error.metadata;
  return !(isEnquiry && error.metadata.sent === false);
}

function tooLate({ host, port }: Address, timeoutMs: number): TransportError {
  const reason = `too much is being asked of it; it was not asked within ${timeoutMs} ms`;
  return new TransportError(
    'TRANSPORT_ENQUIRY_FAILED',
    `node at ${host}:${port} did not answer: ${reason}`,
    { host, port, reason, sent: false },
  );
}

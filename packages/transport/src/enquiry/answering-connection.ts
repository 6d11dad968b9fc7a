import type { Connection, Timer } from '@quorate/base';
import { FrameParser } from '../frame-parser.ts';
import type { LinkEnvironment } from '../link-environment.ts';
import type { EnquiryHandler } from './enquiry.ts';
import { decodeEnquiryFrame, encodeEnquiryFrame } from './enquiry-frame.ts';

export interface AnsweringOptions {
  readonly connection: Connection;
  readonly handler: EnquiryHandler;
  /** The connection has to end, for the reason given. */
  readonly end: (reason: string) => void;
}

/** Of one connection; a well-behaved enquirer waits with the next one. */
const maxUnanswered = 64;

/** The accepted side of an enquiry connection, after the handshake. */
export class AnsweringConnection {
  readonly #environment: LinkEnvironment;
  readonly #options: AnsweringOptions;
  readonly #parser: FrameParser;
  #unanswered = 0;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(environment: LinkEnvironment, options: AnsweringOptions) {
    const { checksum, limits } = environment;
    this.#environment = environment;
    this.#options = options;
    this.#parser = new FrameParser(checksum, limits.maxFrameBytes);
    this.#awaitRequest();
  }

  data(chunk: Uint8Array): void {
    const fault = this.#parser.push(chunk, (payload) => this.#take(payload));
    if (fault !== null) this.#options.end(`at ${fault.offset}: ${fault.reason}`);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #take(payload: Uint8Array): boolean {
    const frame = decodeEnquiryFrame(payload);
    if (frame?.kind !== 'request') {
      this.#options.end('a frame that is no request');
    } else if (this.#unanswered >= maxUnanswered) {
      this.#options.end(`more than ${maxUnanswered} requests at a time`);
    } else {
      this.#unanswered += 1;
      this.#timer?.cancel();
      let isAnswered = false;
      this.#options.handler(frame.body, (body) => {
        if (isAnswered || this.#isClosed) return;
        isAnswered = true;
        this.#answer(frame.number, body);
      });
    }
    return !this.#isClosed;
  }

  #answer(number: number, body: Uint8Array): void {
    const { checksum, limits } = this.#environment;
    const { connection, end } = this.#options;
    if (connection.queuedBytes > limits.controlQueueBytes) {
      end('the enquirer does not read its answers');
      return;
    }
    this.#unanswered -= 1;
    connection.write([encodeEnquiryFrame({ kind: 'answer', number, body }, checksum)]);
    if (this.#unanswered === 0) this.#awaitRequest();
  }

  #awaitRequest(): void {
    const { timers, limits } = this.#environment;
    this.#timer?.cancel();
    this.#timer = timers.after(limits.enquiryIdleMs, () => this.#options.end('idle for too long'));
  }
}

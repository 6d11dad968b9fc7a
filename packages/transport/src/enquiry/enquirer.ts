import type { Address, Connection, Ports, Timer } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { FrameParser } from '../frame-parser.ts';
import {
  anyCluster,
  encodeHandshake,
  greetingOf,
  HandshakeReader,
  judgeAnswer,
  Lane,
  spokenVersions,
} from '../handshake.ts';
import { defaultTransportLimits } from '../limits.ts';
import { TransportError } from '../transport-error.ts';
import type { EnquiryDone } from './enquiry.ts';
import { decodeEnquiryFrame, encodeEnquiryFrame } from './enquiry-frame.ts';

/** Who asks, and of which cluster the answer has to be. */
export interface EnquirerOptions extends Pick<Ports, 'network' | 'timers' | 'checksum'> {
  /** 16 hex digits; null: not known yet, whatever cluster answers is the one. */
  readonly clusterId: string | null;
  /** 0: of no member. */
  readonly nodeId: NodeId;
  /** The longest answer that is taken. */
  readonly maxFrameBytes: number;
}

interface Pending {
  readonly done: EnquiryDone;
  readonly timer: Timer;
}

interface Line {
  readonly address: Address;
  readonly handshake: HandshakeReader;
  readonly parser: FrameParser;
  connection: Connection | null;
  isUp: boolean;
  /** Frames that wait for the handshake. */
  unsent: Uint8Array[];
  readonly pending: Map<number, Pending>;
  idle: Timer | null;
}

const { connectTimeoutMs, enquiryIdleMs } = defaultTransportLimits;

/**
 * Asks nodes by address, over one connection for each, made when needed and closed when idle.
 * A connection that breaks fails all that was asked on it: whether a request arrived is unknown.
 */
export class Enquirer {
  readonly #options: EnquirerOptions;
  readonly #lines = new Map<string, Line>();
  #nextNumber = 1;
  #isClosed = false;

  constructor(options: EnquirerOptions) {
    this.#options = options;
  }

  /** @param done called once, from the event loop */
  ask(address: Address, request: Uint8Array, timeoutMs: number, done: EnquiryDone): void {
    const { timers, checksum } = this.#options;
    if (this.#isClosed) {
      timers.defer(() => done(failure(address, 'this node is closing', false), null));
      return;
    }
    const line = this.#line(address);
    const number = this.#nextNumber++;
    const frame = encodeEnquiryFrame({ kind: 'request', number, body: request }, checksum);
    const timer = timers.after(timeoutMs, () => {
      line.pending.delete(number);
      // What nobody waits for any more is not sent later.
      line.unsent = line.unsent.filter((waiting) => waiting !== frame);
      this.#mayRest(line);
      done(failure(address, `no answer within ${timeoutMs} ms`, line.isUp), null);
    });
    // Before the handshake it is the limit for that.
    if (line.isUp) line.idle?.cancel();
    line.pending.set(number, { done, timer });
    if (line.isUp) line.connection?.write([frame]);
    else line.unsent.push(frame);
  }

  close(): void {
    this.#isClosed = true;
    for (const line of [...this.#lines.values()]) this.#end(line, 'this node is closing');
  }

  #line(address: Address): Line {
    const key = `${address.host} ${address.port}`;
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const { checksum, maxFrameBytes } = this.#options;
    const line: Line = {
      address,
      handshake: new HandshakeReader(checksum),
      parser: new FrameParser(checksum, maxFrameBytes),
      connection: null,
      isUp: false,
      unsent: [],
      pending: new Map(),
      idle: null,
    };
    this.#lines.set(key, line);
    this.#connect(line);
    return line;
  }

  #connect(line: Line): void {
    const { network, timers, checksum } = this.#options;
    line.idle = timers.after(connectTimeoutMs, () => this.#end(line, 'no handshake in time'));
    const connected = (error: Error | null, connection: Connection | null): void => {
      if (!this.#isCurrent(line)) {
        connection?.close('given up before it was there');
      } else if (connection === null) {
        this.#end(line, error?.message ?? 'connection failed');
      } else {
        line.connection = connection;
        connection.write([encodeHandshake(this.#greeting(), checksum)]);
      }
    };
    const handlers = {
      data: (chunk: Uint8Array) => this.#data(line, chunk),
      drained: () => undefined,
      closed: (reason: string) => this.#end(line, reason),
    };
    network.connect(line.address, handlers, connected);
  }

  #greeting(): ReturnType<typeof greetingOf> {
    const { clusterId, nodeId } = this.#options;
    const whose = { clusterId: clusterId ?? anyCluster, nodeId, incarnation: 0 };
    const self = { versions: spokenVersions, ...whose };
    return greetingOf(self, 0, Lane.enquiry);
  }

  #isCurrent(line: Line): boolean {
    const { host, port } = line.address;
    return this.#lines.get(`${host} ${port}`) === line;
  }

  #data(line: Line, chunk: Uint8Array): void {
    if (!this.#isCurrent(line)) return;
    let rest = chunk;
    if (!line.isUp) {
      rest = chunk.subarray(line.handshake.push(chunk));
      const answer = line.handshake.result;
      if (answer === null) return;
      const refusal = typeof answer === 'string' ? answer : judgeAnswer(answer, this.#greeting());
      if (refusal !== null) {
        this.#end(line, `the node refused: ${refusal}`);
        return;
      }
      line.isUp = true;
      line.idle?.cancel();
      line.connection?.write(line.unsent);
      line.unsent = [];
    }
    const fault = line.parser.push(rest, (payload) => this.#answered(line, payload));
    if (fault !== null) this.#end(line, fault.reason);
  }

  #answered(line: Line, payload: Uint8Array): boolean {
    const frame = decodeEnquiryFrame(payload);
    if (frame?.kind !== 'answer') {
      this.#end(line, 'the node sent a frame that is no answer');
      return false;
    }
    const pending = line.pending.get(frame.number);
    // Whoever gave up has been told so.
    if (pending !== undefined) {
      line.pending.delete(frame.number);
      pending.timer.cancel();
      this.#mayRest(line);
      pending.done(null, frame.body);
    }
    return this.#isCurrent(line);
  }

  #mayRest(line: Line): void {
    if (line.pending.size > 0 || !line.isUp) return;
    line.idle?.cancel();
    // Well before the other side would.
    line.idle = this.#options.timers.after(enquiryIdleMs / 2, () => this.#end(line, 'idle'));
  }

  #end(line: Line, reason: string): void {
    if (!this.#isCurrent(line)) return;
    const { host, port } = line.address;
    this.#lines.delete(`${host} ${port}`);
    line.idle?.cancel();
    line.connection?.close(reason);
    const error = failure(line.address, reason, line.isUp);
    for (const { timer, done } of line.pending.values()) {
      timer.cancel();
      this.#options.timers.defer(() => done(error, null));
    }
    line.pending.clear();
  }
}

function failure({ host, port }: Address, reason: string, sent: boolean): TransportError {
  return new TransportError(
    'TRANSPORT_ENQUIRY_FAILED',
    `node at ${host}:${port} did not answer: ${reason}`,
    { host, port, reason, sent },
  );
}

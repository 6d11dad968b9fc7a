import type { Socket } from 'node:net';
import type {
  CallContext,
  StreamCall,
  StreamListener,
  StreamMethod,
} from '../../../core/method.ts';
import { type RpcError, rpcErrors, StatusCode } from '../../../core/rpc-error.ts';
import type { UnaryHandler } from '../../rpc-backend.ts';
import type { Http2Limits } from '../limits.ts';
import { ErrorCode } from '../protocol.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { ServerStream, StreamReceiver } from '../server-stream.ts';
import type { Deadline, Deadlines, Expiring } from './deadlines.ts';
import { type MessageFault, MessageReader } from './message-reader.ts';

/** What the calls of one connection share. */
export interface CallHost {
  readonly connection: ServerConnection;
  readonly deadlines: Deadlines;
  readonly limits: Http2Limits;
  /** Of the client's certificate; '' without one. */
  readonly commonName: string;
  readonly socket: Socket;
}

const prefixBytes = 5;

/** What all calls have: messages that come in, a deadline, an end. */
abstract class GrpcCall implements StreamReceiver, Expiring {
  protected readonly host: CallHost;
  protected readonly stream: ServerStream;
  #reader: MessageReader | null = null;
  /** What the connection counts of `#reader`. */
  #partialBytes = 0;
  #deadline: Deadline | null = null;
  #isOver = false;

  constructor(host: CallHost, stream: ServerStream) {
    this.host = host;
    this.stream = stream;
    stream.receiver = this;
  }

  protected abstract message(message: Buffer): void;
  protected abstract halfClosed(): void;
  /** The client has gone, or was told that the call is over. */
  protected abstract canceled(): void;
  abstract drained(): void;

  /** Of whole messages that wait for the client to say that there are no more. */
  protected get keptBytes(): number {
    return 0;
  }

  protected get isOver(): boolean {
    return this.#isOver;
  }

  expireAfter(nowMs: number, timeoutMs: number): void {
    this.#deadline = this.host.deadlines.add(this, nowMs, timeoutMs);
  }

  data(bytes: Buffer): void {
    if (this.#reader === null) {
      // Nearly always: one message, whole.
      const length = bytes.length >= prefixBytes ? bytes.readUInt32BE(1) : -1;
      const { maxMessageBytes } = this.host.limits;
      if (length === bytes.length - prefixBytes && bytes[0] === 0 && length <= maxMessageBytes) {
        this.message(bytes.subarray(prefixBytes));
        this.#keep(0);
        return;
      }
      this.#reader = new MessageReader(maxMessageBytes);
    }
    const fault = this.#reader.push(bytes, (message) => {
      if (!this.#isOver) this.message(message);
    });
    if (this.#isOver) return;
    if (fault !== null) this.refuse(faultError(fault, this.host.limits.maxMessageBytes));
    else this.#keep(this.#reader.partialBytes);
  }

  ended(): void {
    if (this.#reader?.isInside === true) {
      this.refuse({ code: StatusCode.internal, message: 'unexpected EOF' });
    } else {
      this.#count(0);
      this.halfClosed();
    }
  }

  aborted(): void {
    this.#end();
    this.canceled();
  }

  expired(): void {
    this.#deadline = null;
    if (!this.#isOver) this.refuse(rpcErrors.deadlineExceeded);
  }

  protected finish(error: RpcError | null): void {
    this.#end();
    this.stream.finish(error);
  }

  /** Ends the call, and what is behind it. */
  protected refuse(error: RpcError): void {
    this.finish(error);
    this.canceled();
  }

  #end(): void {
    this.#isOver = true;
    if (this.#deadline !== null) this.host.deadlines.remove(this.#deadline);
    this.#deadline = null;
    this.#count(0);
    this.#reader = null;
  }

  /** @param begunBytes of the message that is not complete */
  #keep(begunBytes: number): void {
    if (this.#isOver) return;
    // What is whole and complete is called in this turn.
    this.#count(this.stream.isRemoteEnded ? 0 : begunBytes + this.keptBytes);
    if (this.#partialBytes > 0 && this.host.connection.refusesParts()) {
      this.refuse(rpcErrors.tooManyRequests);
    }
  }

  #count(partialBytes: number): void {
    if (partialBytes === this.#partialBytes) return;
    this.host.connection.partialBytes += partialBytes - this.#partialBytes;
    this.#partialBytes = partialBytes;
  }
}

/** The texts are those of servers written in Go. */
function faultError(fault: MessageFault, maxBytes: number): RpcError {
  if (fault.kind === 'tooLarge') {
    const message = `grpc: received message larger than max (${fault.bytes} vs. ${maxBytes})`;
    return { code: StatusCode.resourceExhausted, message };
  }
  const message =
    fault.flag === 1
      ? 'grpc: compressed flag set with identity or empty encoding'
      : `grpc: received unexpected payload format ${fault.flag}`;
  return { code: StatusCode.internal, message };
}

/** One request, one answer. */
export class UnaryCall extends GrpcCall {
  readonly #handler: UnaryHandler;
  readonly #context: CallContext;
  #request: Buffer | null = null;
  #isRunning = false;

  constructor(host: CallHost, stream: ServerStream, handler: UnaryHandler, context: CallContext) {
    super(host, stream);
    this.#handler = handler;
    this.#context = context;
  }

  drained(): void {
    // There was one answer to send.
  }

  protected override get keptBytes(): number {
    return this.#request?.length ?? 0;
  }

  protected message(message: Buffer): void {
    // One that stays is copied: it would keep all alive that came with it.
    if (this.#request === null) {
      this.#request = this.stream.isRemoteEnded ? message : Buffer.from(message);
    } else this.refuse({ code: StatusCode.internal, message: 'more than one request message' });
  }

  protected halfClosed(): void {
    if (this.#request === null) {
      this.refuse({ code: StatusCode.internal, message: 'no request message' });
      return;
    }
    const request = this.#request;
    this.#request = null;
    this.#isRunning = true;
    this.#handler(request, this.#context, (error, answer) => this.#answered(error, answer));
  }

  protected canceled(): void {
    if (this.#isRunning) this.host.connection.abandonedCalls++;
  }

  #answered(error: RpcError | null, answer: Uint8Array | null): void {
    this.#isRunning = false;
    if (this.isOver) this.host.connection.abandonedCalls--;
    else {
      if (error === null) this.stream.send(answer as Uint8Array);
      this.finish(error);
    }
  }
}

const ignoring: StreamListener = {
  message: () => undefined,
  halfClosed: () => undefined,
  drained: () => undefined,
  closed: () => undefined,
};

/** Messages in both directions. */
export class StreamingCall extends GrpcCall implements StreamCall {
  readonly context: CallContext;
  #listener: StreamListener = ignoring;

  constructor(host: CallHost, stream: ServerStream, context: CallContext) {
    super(host, stream);
    this.context = context;
  }

  start(method: StreamMethod): void {
    const listener = method(this);
    // It may have ended the call at once.
    if (!this.isOver) this.#listener = listener;
  }

  send(message: Uint8Array): boolean {
    return this.isOver || this.stream.send(message);
  }

  end(error: RpcError | null): void {
    if (this.isOver) return;
    this.#listener = ignoring;
    this.finish(error);
  }

  drained(): void {
    this.#listener.drained();
  }

  protected message(message: Buffer): void {
    // Each may be answered: a client that takes no answers cannot ask for more.
    const { connection, limits } = this.host;
    const hasMuch = this.stream.pendingBytes > limits.maxPendingBytes;
    if (hasMuch || (this.stream.isWaiting && connection.refusesCalls())) {
      connection.reset(this.stream, ErrorCode.enhanceYourCalm);
    } else this.#listener.message(message);
  }

  protected halfClosed(): void {
    this.#listener.halfClosed();
  }

  protected canceled(): void {
    const listener = this.#listener;
    this.#listener = ignoring;
    listener.closed();
  }
}

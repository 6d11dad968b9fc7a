import type { CallContext, StreamMethod } from '../../../core/method.ts';
import { type RpcError, rpcErrors, StatusCode } from '../../../core/rpc-error.ts';
import type { UnaryHandler } from '../../rpc-backend.ts';
import type { CallStatus } from '../call-status.ts';
import type { RequestHead } from '../request-head.ts';
import type { ServerStream } from '../server-stream.ts';
import { type CallHost, StreamingCall, UnaryCall } from './grpc-calls.ts';
import { readGrpcTimeout } from './grpc-timeout.ts';

type Method =
  | { readonly kind: 'unary'; readonly handler: UnaryHandler }
  | { readonly kind: 'stream'; readonly method: StreamMethod };

/** Takes requests that are no gRPC. */
export type PlainTaker = (host: CallHost, stream: ServerStream, head: RequestHead) => void;

const contentTypes = /^application\/grpc(?:$|[+;])/;

/** Finds the method of each request, and tells apart what is no gRPC. */
export class GrpcRouter {
  readonly #methods = new Map<string, Method>();
  readonly #services = new Set<string>();
  readonly #plain: PlainTaker | null;

  /** @param plain null: what is no gRPC is refused */
  constructor(plain: PlainTaker | null = null) {
    this.#plain = plain;
  }

  unary(path: string, handler: UnaryHandler): void {
    this.known(path);
    this.#methods.set(path, { kind: 'unary', handler });
  }

  stream(path: string, method: StreamMethod): void {
    this.known(path);
    this.#methods.set(path, { kind: 'stream', method });
  }

  /** The service of this method exists. */
  known(path: string): void {
    this.#services.add(serviceOf(path));
  }

  begin(host: CallHost, stream: ServerStream, head: RequestHead, nowMs: number): void {
    const method = this.#methods.get(head.path);
    const timeoutMs = head.timeout === '' ? null : readGrpcTimeout(head.timeout);
    const refusal = refusalOf(head, timeoutMs);
    if (refusal !== null) this.#refuse(host, stream, head, refusal);
    else if (method === undefined) stream.finish(this.#unknown(head.path));
    else if (host.connection.refusesCalls()) stream.finish(rpcErrors.tooManyRequests);
    else {
      const context = contextOf(head, host.commonName);
      if (method.kind === 'unary') {
        const call = new UnaryCall(host, stream, method.handler, context);
        if (timeoutMs !== null) call.expireAfter(nowMs, timeoutMs);
      } else {
        const call = new StreamingCall(host, stream, context);
        if (timeoutMs !== null) call.expireAfter(nowMs, timeoutMs);
        call.start(method.method);
      }
    }
  }

  #refuse(host: CallHost, stream: ServerStream, head: RequestHead, refusal: CallStatus): void {
    const isPlain = !head.contentType.startsWith('application/grpc');
    if (isPlain && this.#plain !== null) this.#plain(host, stream, head);
    else stream.finish(refusal);
  }

  /** In the words of servers written in Go. */
  #unknown(path: string): RpcError {
    const code = StatusCode.unimplemented;
    const at = path.lastIndexOf('/');
    if (at < 1) return { code, message: `malformed method name: ${JSON.stringify(path)}` };
    const service = serviceOf(path);
    if (!this.#services.has(service)) return { code, message: `unknown service ${service}` };
    return { code, message: `unknown method ${path.slice(at + 1)} for service ${service}` };
  }
}

/** Why a request is no call of gRPC that can be served, whatever its method. */
function refusalOf(head: RequestHead, timeoutMs: number | null): CallStatus | null {
  const { method, contentType, encoding, timeout } = head;
  if (method !== 'POST') {
    const message = `a request of gRPC has the method POST, not ${JSON.stringify(method)}`;
    return { code: StatusCode.internal, message, httpStatus: 405 };
  }
  if (!contentTypes.test(contentType)) {
    const message = `invalid gRPC request content-type ${JSON.stringify(contentType)}`;
    return { code: StatusCode.invalidArgument, message, httpStatus: 415 };
  }
  if (encoding !== '' && encoding !== 'identity') {
    const named = JSON.stringify(encoding);
    const message = `grpc: Decompressor is not installed for grpc-encoding ${named}`;
    return { code: StatusCode.unimplemented, message };
  }
  if (timeout !== '' && timeoutMs === null) {
    const message = `malformed grpc-timeout: ${JSON.stringify(timeout)}`;
    return { code: StatusCode.internal, message, httpStatus: 400 };
  }
  return null;
}

function serviceOf(path: string): string {
  return path.slice(1, Math.max(path.lastIndexOf('/'), 1));
}

const plainContext: CallContext = { requireLeader: false, token: '', commonName: '' };

function contextOf(head: RequestHead, commonName: string): CallContext {
  const { requireLeader, token, authorization, traceparent } = head;
  const said = token || authorization;
  if (said === '' && !requireLeader && commonName === '' && traceparent === '') return plainContext;
  const context = { requireLeader, token: said.replace(/^Bearer /, ''), commonName };
  return traceparent === '' ? context : { ...context, traceparent };
}

import { compareBytes } from '@quorate/base';
import {
  decodeMessage,
  encodeMessage,
  messageFromJson,
  parseJson,
  type Rpc,
} from '@quorate/schema';
import { rpcOfPath } from '../calls.ts';
import type { Step } from '../operation.ts';

/** @returns `Service/Method` of etcd's packages, or `''` */
export function methodOf(step: Step): string {
  return rpcOfStep(step)?.path.replace(/^\/\w+\./, '') ?? '';
}

/**
 * The message that was sent, whichever way it was written.
 *
 * @returns null when that is another method, no message, or one with ids of each server's own
 */
export function asked<T extends object>(step: Step, method: string): T | null {
  const rpc = methodOf(step) === method ? rpcOfStep(step) : null;
  if (rpc === null) return null;
  if (step.kind === 'grpc') {
    return typeof step.request === 'function'
      ? null
      : (decodeMessage(rpc.request.codec, step.request) as T | null);
  }
  if (step.kind !== 'http' && step.kind !== 'gatewayWatch') return null;
  const { body } = step;
  if (typeof body === 'function') return null;
  return fromText(
    rpc,
    typeof body === 'string' ? body : new TextDecoder().decode(body),
  ) as T | null;
}

/** Whether these are bytes that no encoder of protocol buffers would write. */
export function isOddlyEncoded(step: Step): boolean {
  if (step.kind !== 'grpc' || typeof step.request === 'function') return false;
  const { codec } = step.rpc.request;
  const message = decodeMessage(codec, step.request);
  return message === null || compareBytes(encodeMessage(codec, message), step.request) !== 0;
}

function rpcOfStep(step: Step): Rpc | null {
  switch (step.kind) {
    case 'grpc':
      return step.rpc;
    case 'http':
      return step.method === 'POST' ? rpcOfPath(step.path.replace('/v3beta/', '/v3/')) : null;
    case 'gatewayWatch':
      return rpcOfPath('/v3/watch');
    case 'keepAlive':
      return rpcOfPath('/v3/lease/keepalive');
    default:
      return null;
  }
}

function fromText(rpc: Rpc, text: string): object | null {
  const json = parsedFirst(text);
  if (json === undefined) return null;
  const message = messageFromJson(rpc.request.json, json ?? {});
  return 'problem' in message ? null : message;
}

/** The first value of a text: what follows it nobody reads. */
function parsedFirst(text: string): unknown {
  if (text.trim() === '') return {};
  for (const end of [text.length, ...ends(text)]) {
    try {
      return parseJson(text.slice(0, end));
    } catch {
      // Then it ends elsewhere.
    }
  }
  return undefined;
}

function ends(text: string): number[] {
  return [...text.matchAll(/\}/g)].map(({ index }) => index + 1);
}

import { present } from '@quorate/base';
import { decodeMessage, messageToJson } from '@quorate/schema';
import { firstDifference } from './first-difference.ts';
import type { Outcome, Step } from './operation.ts';
import type { Both } from './pair.ts';

const mostLetters = 1200;

/** One line that says what was asked. */
export function showStep(step: Step): string {
  switch (step.kind) {
    case 'grpc': {
      if (typeof step.request === 'function') return `${step.rpc.path} (ids of each server)`;
      const request = decodeMessage(step.rpc.request.codec, step.request);
      const said =
        request === null
          ? `bytes ${Buffer.from(step.request).toString('hex')}`
          : JSON.stringify(messageToJson(step.rpc.request.json, request));
      return short(`gRPC ${step.rpc.path}${by(step.as)} ${said}`);
    }
    case 'http': {
      const body =
        typeof step.body === 'function'
          ? '(ids of each server)'
          : typeof step.body === 'string'
            ? step.body
            : `bytes ${Buffer.from(step.body).toString('hex')}`;
      return short(`HTTP ${step.method} ${step.path}${by(step.as)} ${body}`);
    }
    case 'keepAlive':
      return `gRPC keep-alives${by(step.as)} ${step.requests.map(hex).join(' ')}`;
    case 'watchOpen':
      return `gRPC watch stream ${step.stream}${by(step.as)} ${step.requests.map(hex).join(' ')}`;
    case 'watchSend':
      return `gRPC on watch stream ${step.stream} ${hex(step.request)}`;
    case 'watchProgress':
      return `how far watch stream ${step.stream} is`;
    case 'watchClose':
      return `close of watch stream ${step.stream}`;
    case 'settle':
      return 'what the watches have heard';
    default:
      return short(`HTTP watch${by(step.as)} ${step.body}`);
  }
}

/** Where the answers part, and both whole as far as that is short. */
export function showBoth([etcd, ours]: Both): string {
  const place = present(firstDifference(etcd, ours), 'they differ');
  return [
    `  at ${place.path}:`,
    `    etcd ${short(said(place.first), 300)}`,
    `    ours ${short(said(place.second), 300)}`,
    `  etcd: ${showOutcome(etcd)}`,
    `  ours: ${showOutcome(ours)}`,
  ].join('\n');
}

function showOutcome({ status, message, body }: Outcome): string {
  return short(`${status} ${message} ${said(body)}`);
}

function said(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function by(as: string): string {
  return as === '' ? '' : ` (${as})`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function short(text: string, most = mostLetters): string {
  return text.length <= most ? text : `${text.slice(0, most)}... (${text.length} letters)`;
}

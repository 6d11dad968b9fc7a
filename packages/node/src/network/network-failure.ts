import { type Address, formatAddress } from '@quorate/base';
import { NodeError } from '../node-error.ts';
import { tlsReason } from '../tls/tls-reason.ts';

const meanings: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use: stop what listens there, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address: listen on one of its own, or on 0.0.0.0',
  EACCES: 'this user may not listen there: choose a port above 1023',
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'no route to that host',
  ENETUNREACH: 'no route to that network',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name server does not answer',
  ECONNRESET: 'the peer reset the connection',
  EPIPE: 'the peer has closed the connection',
};

/** What a socket's error means, for people. */
export function networkReason(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  const { code } = first as NodeJS.ErrnoException;
  const meaning = code === undefined ? undefined : meanings[code];
  return meaning === undefined ? (tlsReason(code) ?? first.message) : `${meaning} (${code})`;
}

export function listenError(address: Address, cause: Error): NodeError<'NODE_LISTEN_FAILED'> {
  const reason = networkReason(cause);
  const message = `cannot listen on ${formatAddress(address)}: ${reason}`;
  return new NodeError('NODE_LISTEN_FAILED', message, { ...address, reason }, { cause });
}

/** @param known why, where more is known than the error says */
export function connectError(
  address: Address,
  cause: Error,
  known: string | null = null,
): NodeError<'NODE_CONNECT_FAILED'> {
  const reason = known ?? networkReason(cause);
  const message = `cannot connect to ${formatAddress(address)}: ${reason}`;
  return new NodeError('NODE_CONNECT_FAILED', message, { ...address, reason }, { cause });
}

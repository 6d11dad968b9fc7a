import { request } from 'node:http';
import type { Superuser } from './test-cluster.ts';
import type { TestNode } from './test-node.ts';

/** How many leases are revoked at once. */
const atOnce = 50;

/** Every key: from the first there can be, without an end. */
const allKeys = { key: 'AA==', range_end: 'AA==' };

/** It may go well with the next leader. */
const unavailable = 503;

/** What a node did not do. */
export class NotDone extends Error {
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean) {
    super(message);
    this.mayPass = mayPass;
  }
}

type Call = (path: string, body: object) => Promise<Record<string, unknown>>;

/**
 * Revokes all leases.
 *
 * @returns how many there were
 */
export async function clearLeases(node: TestNode, as: Superuser | null): Promise<number> {
  return revokeAll(await caller(node, as));
}

/** Disarms all alarms, and removes all leases and keys. */
export async function clearState(node: TestNode, as: Superuser | null): Promise<void> {
  const call = await caller(node, as);
  const { alarms = [] } = await call('/maintenance/alarm', { action: 'GET' });
  for (const { memberID, alarm } of alarms as { memberID: string; alarm: string }[]) {
    await call('/maintenance/alarm', { action: 'DEACTIVATE', memberID, alarm });
  }
  await revokeAll(call);
  await call('/kv/deleterange', allKeys);
}

async function revokeAll(call: Call): Promise<number> {
  const answer = await call('/lease/leases', {});
  const leases = (answer['leases'] ?? []) as { ID: string }[];
  for (let at = 0; at < leases.length; at += atOnce) {
    const some = leases.slice(at, at + atOnce);
    await Promise.all(some.map(({ ID }) => call('/lease/revoke', { ID })));
  }
  return leases.length;
}

async function caller(node: TestNode, as: Superuser | null): Promise<Call> {
  if (as === null) return (path, body) => post(node, path, body, '');
  const { user: name, password } = as;
  const { token } = await post(node, '/auth/authenticate', { name, password }, '');
  return (path, body) => post(node, path, body, String(token));
}

/** By the JSON gateway, each on a connection of its own, so that none is left behind. */
function post(
  { endpoint }: TestNode,
  path: string,
  body: object,
  token: string,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'close', ...(token === '' ? {} : { authorization: token }) };
    const options = { method: 'POST', agent: false, headers };
    const sent = request(`http://${endpoint}/v3${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('error', ({ message }) => reject(new NotDone(`${path} broke: ${message}`, true)));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else {
          const message = `${path} was answered with ${response.statusCode}: ${text.trim()}`;
          reject(new NotDone(message, response.statusCode === unavailable));
        }
      });
    });
    sent.on('error', ({ message }) => reject(new NotDone(`${path} failed: ${message}`, true)));
    sent.end(JSON.stringify(body));
  });
}

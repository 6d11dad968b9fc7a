import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Election, Leader } from './election.ts';

/** What is asked of an election here. */
type Asked = Pick<Election, 'id' | 'health' | 'isLeader' | 'leader'>;

/**
 * For `/health` of a node:http server: 200 while this node takes part in the election, else 503.
 * The body is JSON either way. GET and HEAD.
 */
export function answerHealth(
  election: Asked,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { leader, ...health } = election.health();
  const status = health.isHealthy ? 200 : 503;
  answer(request, response, status, { id: election.id, ...health, leader: plain(leader) });
}

/**
 * For `/leader` of a node:http server: 200 where this node leads, else 503, so that a load balancer
 * that asks all nodes finds the one. The body is JSON, and says who leads. A moment later another
 * may lead: what is done there is guarded by the token.
 */
export function answerLeader(
  election: Asked,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const leader = plain(election.leader());
  const isLeader = election.isLeader();
  answer(request, response, isLeader ? 200 : 503, { id: election.id, isLeader, leader });
}

/** JSON has no bigint. */
function plain(leader: Leader | null): object | null {
  if (leader === null) return null;
  const { id, address, token, term, text } = leader;
  return { id, address, token: token.toString(), term, value: text };
}

function answer(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
): void {
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(method === 'HEAD' ? undefined : text);
}

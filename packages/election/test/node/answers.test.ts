import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { answerHealth, answerLeader, type Election } from '../../src/index.ts';
import { Elections, hears } from './elections.ts';

type Answer = (election: Election, ...words: Parameters<RequestListener>) => void;

async function ask(answer: Answer, election: Election, method = 'GET'): Promise<Response> {
  const server = createServer((request, response) => answer(election, request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, { method });
    return new Response(await response.text(), response);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('answers over HTTP', () => {
  it('say who leads, and 200 at that node alone', async () => {
    await using elections = await Elections.open(3);
    const [one, two] = [elections.of(1), elections.of(2)];
    const { token, term } = await one.campaign('http://one');
    await hears(two, 1);
    const leading = await ask(answerLeader, one);
    assert.equal(leading.status, 200);
    const leader = {
      id: 1,
      address: elections.peers[1],
      token: token.toString(),
      term,
      value: 'http://one',
    };
    assert.deepEqual(await leading.json(), { id: 1, isLeader: true, leader });
    const following = await ask(answerLeader, two);
    assert.equal(following.status, 503);
    assert.deepEqual(await following.json(), { id: 2, isLeader: false, leader });
    const head = await ask(answerLeader, two, 'HEAD');
    assert.equal(head.status, 503);
    assert.equal(await head.text(), '');
    const posted = await ask(answerLeader, one, 'POST');
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get('allow'), 'GET, HEAD');
  });

  it('say that a node is healthy while it knows who leads its group', async () => {
    await using elections = await Elections.open(3);
    const [one, two, three] = [elections.of(1), elections.of(2), elections.of(3)];
    await one.campaign();
    const healthy = await ask(answerHealth, one);
    assert.equal(healthy.status, 200);
    const body = (await healthy.json()) as Record<string, unknown>;
    assert.deepEqual([body['isLeader'], body['voters'], body['quorum']], [true, 3, 2]);
    const isAlone = new Promise<void>((fulfil) => {
      one.on('lost', () => fulfil());
    });
    await Promise.all([two.close(), three.close()]);
    await isAlone;
    const lonely = await ask(answerLeader, one);
    assert.equal(lonely.status, 503);
  });
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  ConformanceFailure,
  type ConformanceReport,
  checkNetwork,
  checkPeerLinks,
  networkCases,
  peerLinksCases,
} from '@quorate/transport/conformance';
import { virtualLinksRoom, virtualNetworkRoom } from './support/conformance-rooms.ts';
import { PlainRoom } from './support/plain-links.ts';
import { wrongLinks } from './support/wrong-links.ts';
import { wrongNetworks } from './support/wrong-networks.ts';

suite('peer links over the virtual network keep their contract', () => {
  for (const { name, run } of peerLinksCases(virtualLinksRoom)) test(name, run);
});

suite('the virtual network keeps its contract', () => {
  for (const { name, run } of networkCases(virtualNetworkRoom)) test(name, run);
});

test('right links pass, and the report names what was looked at', async () => {
  const report = await checkPeerLinks('the plainest links', () => new PlainRoom());
  assert.equal(report.subject, 'the plainest links');
  assert.deepEqual(report.failed, []);
  assert.ok(report.passed.includes('after close nothing is delivered, sent or reported'));
});

async function isTold(
  name: string,
  check: Promise<ConformanceReport>,
  told: RegExp,
): Promise<void> {
  await assert.rejects(check, (error) => {
    assert.ok(error instanceof ConformanceFailure);
    const { report, message } = error;
    assert.ok(report !== null && report.failed.length > 0);
    assert.match(message, new RegExp(`^${name} does not keep its contract in \\d+ of \\d+ cases`));
    assert.match(message, told);
    for (const { reason } of report.failed) assert.match(reason, /The contract: .* Why: /);
    return true;
  });
}

suite('wrong links are told what they do, what the contract asks and why: those that', () => {
  for (const [name, { make, told }] of Object.entries(wrongLinks)) {
    test(name, () => isTold(name, checkPeerLinks(name, make), told));
  }
});

suite('a wrong network is told what it does, what the contract asks and why: one that', () => {
  for (const [name, { make, told }] of Object.entries(wrongNetworks)) {
    test(name, () => isTold(name, checkNetwork(name, make), told));
  }
});

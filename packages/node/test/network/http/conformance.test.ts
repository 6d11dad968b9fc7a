import { suite, test } from 'node:test';
import { silentLogger } from '@quorate/base';
import { networkCases } from '@quorate/transport/conformance';
import { createNetwork } from '../../../src/network/network.ts';
import { loopbackHarness, quickNetwork } from './rig.ts';

suite('TCP keeps the contract of a network', () => {
  const network = createNetwork(silentLogger);
  for (const { name, run } of networkCases(() => loopbackHarness(network))) test(name, run);
});

suite('tunnels through HTTP keep the contract of a network', () => {
  for (const { name, run } of networkCases(() => loopbackHarness(quickNetwork()))) test(name, run);
});

import { type Address, concatBytes, equalBytes, Prng } from '@quorate/base';
import {
  type ConformanceCase,
  type ConformanceReport,
  type ContractRule,
  demand,
  quiet,
  runCases,
  waitFor,
} from '@quorate/base/conformance';
import { connect, connected, listen, type NetworkHarness, pair, part } from './network-probe.ts';
import { networkRules } from './network-rules.ts';

/** A port that never says that it has enough is asked to hold no more than this. */
const mostQueuedBytes = 64 * 1024 * 1024;
const queueChunkBytes = 256 * 1024;

/** @throws ConformanceFailure that says where the first difference is */
async function expectBytes(
  harness: NetworkHarness,
  probe: { readonly received: Uint8Array; readonly receivedBytes: number },
  expected: Uint8Array,
  rule: ContractRule = networkRules.stream,
): Promise<void> {
  const isThere = (): boolean => probe.receivedBytes >= expected.length;
  await waitFor(harness, isThere, rule, () => {
    return `Of ${expected.length} bytes that were written only ${probe.receivedBytes} arrived.`;
  });
  const { received } = probe;
  if (equalBytes(received, expected)) return;
  const at = expected.findIndex((byte, i) => received[i] !== byte);
  const where = at < 0 ? expected.length : at;
  const [got, wanted] = [received[where], expected[where] ?? 'nothing'];
  demand(
    false,
    rule,
    `Byte ${where} of the stream arrived as ${got} and was written as ${wanted}.`,
  );
}

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + seed * 31 + (at >>> 8)) & 255);
}

function cutAt(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return bytes.subarray(at - size, at);
  });
}

async function wholeAndInOrder(harness: NetworkHarness): Promise<void> {
  const ends = await pair(harness);
  const { client, server } = ends;
  const sizes = [3, 0, 20_000, 1, 300_000, 8];
  const there = pattern(320_012, 1);
  const chunks = cutAt(there, sizes);
  client.write(...chunks.slice(0, 2));
  client.write();
  client.write(...chunks.slice(2));
  await expectBytes(harness, server, there);
  const back = pattern(70_000, 2);
  for (const chunk of cutAt(
    back,
    Array.from({ length: 70 }, () => 1000),
  ))
    server.write(chunk);
  await expectBytes(harness, client, back);
  await part(harness, ends);
}

async function answersFromData(harness: NetworkHarness): Promise<void> {
  const ends = await pair(harness);
  const { client, server } = ends;
  const turns = 30;
  server.onData = () => void server.write(server.chunks.at(-1) as Uint8Array);
  client.onData = () => {
    const at = client.receivedBytes;
    if (at < turns) client.write(Uint8Array.of(at));
  };
  client.write(Uint8Array.of(0));
  await expectBytes(
    harness,
    client,
    Uint8Array.from({ length: turns }, (_, at) => at),
  );
  await part(harness, ends);
}

async function doNotMix(harness: NetworkHarness): Promise<void> {
  const { listener, accepted } = await listen(harness);
  const clients = [];
  for (let at = 0; at < 6; at++) clients.push(await connected(harness, listener));
  const prng = new Prng(1);
  const streams = clients.map((_, at) => {
    const head = Uint8Array.of(at);
    return concatBytes([head, pattern(5_000 + prng.below(20_000), at)]);
  });
  for (let from = 0; from < 25_000; from += 1_000) {
    for (const [at, client] of clients.entries()) {
      const chunk = streams[at]?.subarray(from, from + 1_000);
      if (chunk !== undefined && chunk.length > 0) client.write(chunk);
    }
  }
  const wanted = streams.reduce((sum, { length }) => sum + length, 0);
  const arrived = (): number => accepted.reduce((sum, end) => sum + end.receivedBytes, 0);
  const areThere = (): boolean => arrived() >= wanted;
  await waitFor(harness, areThere, networkRules.stream, () => {
    return `Of ${wanted} bytes on six connections only ${arrived()} arrived.`;
  });
  for (const server of accepted) {
    const expected = streams[server.received[0] ?? 0] ?? new Uint8Array();
    await expectBytes(harness, server, expected, networkRules.mixed);
  }
  const count = `${accepted.length} connections were accepted for ${clients.length}.`;
  demand(accepted.length === clients.length, networkRules.accept, count);
  for (const client of clients) client.close('the case is over');
  const areClosed = (): boolean => accepted.every(({ reasons }) => reasons.length > 0);
  await waitFor(harness, areClosed, networkRules.closed, () => 'Not every end was told by closed.');
  listener.close();
}

async function fullQueue(harness: NetworkHarness): Promise<void> {
  const ends = await pair(harness);
  const { client, server } = ends;
  const chunk = pattern(queueChunkBytes, 3);
  let written = 0;
  let isBelow = true;
  while (isBelow && written < mostQueuedBytes) {
    isBelow = client.write(chunk);
    written += chunk.length;
  }
  demand(!isBelow, networkRules.queue, `write took ${written} bytes at once and returned true.`);
  const queued = client.connection?.queuedBytes ?? 0;
  const counted = `write had returned false, and queuedBytes was ${queued}.`;
  demand(queued > 0 && queued <= written, networkRules.queuedBytes, counted);
  demand(client.drained === 0, networkRules.queue, 'drained came from inside write.');
  await waitFor(
    harness,
    () => client.drained > 0,
    networkRules.queue,
    () => {
      const { receivedBytes } = server;
      return `write returned false; ${receivedBytes} of ${written} bytes arrived, no drained.`;
    },
  );
  const chunks = Array.from({ length: written / chunk.length }, () => chunk);
  await expectBytes(harness, server, concatBytes(chunks));
  const isEmpty = (): boolean => client.connection?.queuedBytes === 0;
  await waitFor(harness, isEmpty, networkRules.queuedBytes, () => {
    return `All has arrived, and queuedBytes stayed at ${client.connection?.queuedBytes}.`;
  });
  await part(harness, ends);
}

async function closeEndsBoth(harness: NetworkHarness): Promise<void> {
  for (const side of ['client', 'server'] as const) {
    const ends = await pair(harness);
    ends[side].close('for a reason of its own');
    await part(harness, ends);
    await quiet(harness);
    ends.client.check();
    ends.server.check();
    const told = ends[side].reasons[0] ?? '';
    const rule = { ...networkRules.closed, says: 'closed is given the reason of close.' };
    demand(told === 'for a reason of its own', rule, `closed was given "${told}".`);
  }
}

async function nothingAfterClose(harness: NetworkHarness): Promise<void> {
  const ends = await pair(harness);
  const { client, server } = ends;
  server.write(pattern(100_000, 1));
  client.close('first');
  client.close('second');
  const taken = client.write(Uint8Array.of(1));
  demand(!taken, networkRules.afterClose, 'write returned true after close.');
  await part(harness, ends);
  await quiet(harness);
  client.check();
  const byTheEnd = server.receivedBytes;
  demand(
    byTheEnd === 0,
    networkRules.afterClose,
    `${byTheEnd} bytes arrived, written after close.`,
  );
}

async function closeInsideData(harness: NetworkHarness): Promise<void> {
  const ends = await pair(harness);
  const { client, server } = ends;
  server.onData = () => server.close('heard enough');
  for (let at = 0; at < 20; at++) client.write(pattern(10_000, at));
  await part(harness, ends);
}

async function closedWhileAccepted(harness: NetworkHarness): Promise<void> {
  const ends = await pair(harness, (probe) => probe.connection?.close('not taken'));
  await part(harness, ends);
}

async function nobodyListens(harness: NetworkHarness): Promise<void> {
  const { probe, error } = await connect(harness, await harness.deadAddress());
  demand(error !== null, networkRules.refused, 'connect succeeded where nobody listens.');
  await quiet(harness);
  const called = probe.reasons.length + probe.chunks.length + probe.drained;
  demand(called === 0, networkRules.refused, 'connect failed, and its handlers were called.');
}

async function addressInUse(harness: NetworkHarness): Promise<void> {
  const { listener } = await listen(harness);
  const answers: (Error | null)[] = [];
  harness.listening.listen(
    listener.address,
    () => ({ data: () => undefined, drained: () => undefined, closed: () => undefined }),
    (error, second) => {
      answers.push(error);
      second?.close();
    },
  );
  const isAnswered = (): boolean => answers.length > 0;
  await waitFor(harness, isAnswered, networkRules.inUse, () => 'listen never called done.');
  const where = `${listener.address.host}:${listener.address.port}`;
  demand(answers[0] !== null, networkRules.inUse, `Two listeners listen on ${where}.`);
  listener.close();
}

async function closedListener(harness: NetworkHarness): Promise<void> {
  const ends = await pair(harness);
  const { address }: { readonly address: Address } = ends.listener;
  ends.listener.close();
  ends.listener.close();
  const { error } = await connect(harness, address);
  demand(error !== null, networkRules.listenerClosed, 'A closed listener accepted a connection.');
  ends.client.write(Uint8Array.of(1, 2, 3));
  await expectBytes(harness, ends.server, Uint8Array.of(1, 2, 3), networkRules.listenerClosed);
  await part(harness, ends);
}

const bodies: Readonly<Record<string, (harness: NetworkHarness) => Promise<void>>> = {
  'bytes arrive whole and in order, both ways, however they are cut': wholeAndInOrder,
  'what is written from inside data arrives too': answersFromData,
  'connections do not mix': doNotMix,
  'a full queue says so, and says when it has drained': fullQueue,
  'close ends both sides, once each': closeEndsBoth,
  'after close nothing is delivered and nothing is taken': nothingAfterClose,
  'a connection may be closed from inside data': closeInsideData,
  'a connection may be closed while it is being accepted': closedWhileAccepted,
  'where nobody listens connect fails, and calls no handler': nobodyListens,
  'an address in use is an error of listen': addressInUse,
  'a closed listener accepts no more; what it has accepted goes on': closedListener,
};

/**
 * What every network owes the transport, one case for each.
 *
 * @param factory gives what each case runs on; see `NetworkHarness`
 */
export function networkCases(
  factory: () => NetworkHarness | Promise<NetworkHarness>,
): ConformanceCase[] {
  return Object.entries(bodies).map(([name, body]) => ({
    name,
    run: async () => {
      const harness = await factory();
      try {
        await body(harness);
      } finally {
        await harness.dispose?.();
      }
    },
  }));
}

/**
 * Runs all of `networkCases`.
 *
 * @param subject what is checked, for the report
 * @throws ConformanceFailure that says of each broken rule what was done, what the contract asks
 *   and why
 */
export function checkNetwork(
  subject: string,
  factory: () => NetworkHarness | Promise<NetworkHarness>,
): Promise<ConformanceReport> {
  return runCases(subject, networkCases(factory));
}

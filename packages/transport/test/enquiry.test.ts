import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { portableChecksum } from '@quorate/base';
import { Enquirer, type EnquiryHandler, TransportError } from '@quorate/transport';
import { encodeEnquiryFrame } from '../src/enquiry/enquiry-frame.ts';
import { encodeHandshake, Lane } from '../src/handshake.ts';
import { clusterId, Rig, type Stranger } from './support/rig.ts';

const echo: EnquiryHandler = (request, answer) => answer(Uint8Array.from([...request, 255]));

interface Outcome {
  error?: string;
  answer?: readonly number[];
}

function setUp(enquired?: EnquiryHandler, limits = {}): { rig: Rig; ask: Ask; enquirer: Enquirer } {
  const rig = new Rig({ limits });
  const node = rig.node(1, [1, 2], enquired === undefined ? {} : { enquired });
  rig.until(() => node.started !== undefined);
  const enquirer = makeEnquirer(rig, null);
  return { rig, enquirer, ask: (request, timeoutMs) => askOf(rig, enquirer, request, timeoutMs) };
}

type Ask = (request: readonly number[], timeoutMs?: number) => Outcome;

function makeEnquirer(rig: Rig, cluster: string | null): Enquirer {
  return new Enquirer({
    network: rig.network.port(50),
    timers: {
      after: (delayMs, callback) => rig.scheduler.schedule(delayMs, callback),
      defer: (callback) => void rig.scheduler.schedule(0, callback),
    },
    checksum: portableChecksum,
    clusterId: cluster,
    nodeId: 0,
    maxFrameBytes: 1000,
  });
}

function askOf(
  rig: Rig,
  enquirer: Enquirer,
  request: readonly number[],
  timeoutMs = 5000,
): Outcome {
  const outcome: Outcome = {};
  enquirer.ask(rig.addressOf(1), Uint8Array.from(request), timeoutMs, (error, answer) => {
    assert.equal(Object.keys(outcome).length, 0, 'one outcome');
    if (error !== null) outcome.error = error.message;
    if (answer !== null) outcome.answer = [...answer];
  });
  return outcome;
}

function isOver(outcome: Outcome): boolean {
  return Object.keys(outcome).length > 0;
}

function greetAsEnquirer(rig: Rig): Stranger {
  const stranger = rig.stranger(1);
  const ids = { clusterId, from: 0, to: 0, incarnation: 0, lane: Lane.enquiry };
  const versions = { minVersion: 1, maxVersion: 1, refusal: 0, version: 0 };
  stranger.write(encodeHandshake({ ...versions, ...ids }, portableChecksum));
  rig.until(() => stranger.bytes.length === 52);
  return stranger;
}

describe('enquiries', () => {
  it('are answered to a node that is no peer and does not know the cluster', () => {
    const { rig, ask } = setUp(echo);
    const outcomes = [ask([1]), ask([2, 3]), ask([])];
    rig.until(() => outcomes.every(isOver));
    assert.deepEqual(outcomes, [{ answer: [1, 255] }, { answer: [2, 3, 255] }, { answer: [255] }]);
  });

  it('may be answered late, in any order, and each once', () => {
    const answers: (() => void)[] = [];
    const { rig, ask } = setUp((request, answer) => {
      answers.push(() => answer(request));
    });
    const [first, second] = [ask([1]), ask([2])];
    rig.until(() => answers.length === 2);
    for (const at of [1, 0, 1, 0]) answers[at]?.();
    rig.until(() => isOver(first) && isOver(second));
    assert.deepEqual([first, second], [{ answer: [1] }, { answer: [2] }]);
    rig.run(1000);
  });

  it('fail when nobody answers in time, and the next one is asked on the same connection', () => {
    let heard = 0;
    const { rig, ask } = setUp((request, answer) => {
      heard += 1;
      if (request[0] === 2) answer(request);
    });
    const silent = ask([1], 300);
    rig.until(() => isOver(silent));
    assert.match(silent.error ?? '', /did not answer: no answer within 300 ms/);
    const second = ask([2]);
    rig.until(() => isOver(second));
    assert.deepEqual([second, heard], [{ answer: [2] }, 2]);
  });

  it('say whether what failed may have arrived, and send nothing that was given up', () => {
    let heard = 0;
    const { rig, enquirer } = setUp(() => {
      heard += 1;
    });
    const sent: (boolean | undefined)[] = [];
    const ask = (timeoutMs: number): void => {
      enquirer.ask(rig.addressOf(1), new Uint8Array(1), timeoutMs, (error) => {
        assert.ok(error instanceof TransportError);
        sent.push('sent' in error.metadata ? error.metadata.sent : undefined);
      });
    };
    rig.network.partition(50, 1, { mode: 'stall' });
    ask(300);
    rig.run(400);
    assert.deepEqual(sent, [false]);
    rig.network.heal();
    rig.run(4000);
    assert.equal(heard, 0, 'it was given up');
    ask(300);
    rig.run(400);
    assert.deepEqual([sent, heard], [[false, true], 1]);
    enquirer.close();
    ask(300);
    rig.run(1);
    assert.deepEqual(sent, [false, true, false]);
  });

  it('do not wait for a handshake any longer than for one', () => {
    const { rig, ask } = setUp(echo);
    rig.network.partition(50, 1, { mode: 'stall' });
    const outcome = ask([1], 60_000);
    rig.run(3500);
    assert.match(outcome.error ?? '', /no handshake in time/);
  });

  it('are refused by a node of another cluster, and by one that answers none', () => {
    const { rig } = setUp(echo);
    const foreign = askOf(rig, makeEnquirer(rig, 'fedcba9876543210'), [1]);
    rig.until(() => isOver(foreign));
    assert.match(foreign.error ?? '', /refused: foreignCluster/);
    const mute = setUp();
    const outcome = mute.ask([1]);
    mute.rig.until(() => isOver(outcome));
    assert.match(outcome.error ?? '', /refused: unknownLane/);
  });

  it('fail at once when there is no such node, when the connection breaks, and at the end', () => {
    const { rig, ask, enquirer } = setUp(() => undefined);
    const elsewhere: Outcome = {};
    enquirer.ask({ host: 'nowhere', port: 9 }, new Uint8Array(1), 9999, (error) => {
      elsewhere.error = error?.message ?? '';
    });
    rig.until(() => isOver(elsewhere), 4000);
    const cut = ask([1]);
    rig.run(100);
    rig.network.crash(1, 'process');
    rig.until(() => isOver(cut), 200);
    const late = ask([1]);
    enquirer.close();
    rig.run(1);
    assert.match(late.error ?? '', /this node is closing/);
    const closed = ask([1]);
    rig.run(1);
    assert.match(closed.error ?? '', /this node is closing/);
  });

  it('keep their connection while idle for a while, then let go of it', () => {
    const { rig, ask } = setUp(echo, { enquiryIdleMs: 1000 });
    const stranger = greetAsEnquirer(rig);
    rig.run(1100);
    assert.equal(stranger.closedBecause === null, false);
    const outcome = ask([1]);
    rig.until(() => isOver(outcome));
    assert.deepEqual(outcome, { answer: [1, 255] });
  });

  it('end with whoever does not follow the protocol', () => {
    const request = (number: number): Uint8Array =>
      encodeEnquiryFrame({ kind: 'request', number, body: new Uint8Array(1) }, portableChecksum);
    const wrong: Readonly<Record<string, readonly Uint8Array[]>> = {
      'an answer': [
        encodeEnquiryFrame(
          { kind: 'answer', number: 1, body: new Uint8Array(1) },
          portableChecksum,
        ),
      ],
      'an empty frame': [new Uint8Array(8)],
      'a frame too long': [Uint8Array.from([255, 255, 255, 127, 0, 0, 0, 0])],
      'too many at a time': Array.from({ length: 65 }, (_, at) => request(at)),
    };
    for (const [what, frames] of Object.entries(wrong)) {
      const { rig } = setUp(() => undefined);
      const stranger = greetAsEnquirer(rig);
      stranger.write(...frames);
      rig.until(() => stranger.closedBecause !== null, 1000);
      assert.ok(stranger.bytes.length === 52, what);
    }
  });

  it('come from a bounded number of connections', () => {
    const { rig } = setUp(echo, { maxEnquirers: 2 });
    greetAsEnquirer(rig);
    greetAsEnquirer(rig);
    const third = rig.stranger(1);
    const ids = { clusterId, from: 0, to: 0, incarnation: 0, lane: Lane.enquiry };
    const versions = { minVersion: 1, maxVersion: 1, refusal: 0, version: 0 };
    third.write(encodeHandshake({ ...versions, ...ids }, portableChecksum));
    rig.until(() => third.closedBecause !== null, 1000);
    assert.equal(third.bytes.length, 0);
  });
});

import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { type Codec, decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { type RpcError, StatusCode, type StreamListener } from '@quorate/server/core';
import { callOnce, openService } from './fuzzed-service.ts';

/*
 * An input is messages, each a byte that says what follows, a byte with its length, and so many
 * bytes: for one of some calls that are open side by side, or a put that they may tell of.
 */

interface Stream {
  readonly path: string;
  readonly answer: Codec<object>;
  /** One request, then the client is silent. */
  readonly isSingle: boolean;
}

const streams: readonly Stream[] = [
  { path: '/etcdserverpb.Watch/Watch', answer: etcd.WatchResponse, isSingle: false },
  { path: '/etcdserverpb.Watch/Watch', answer: etcd.WatchResponse, isSingle: false },
  { path: '/v3lockpb.Lock/Lock', answer: etcd.LockResponse, isSingle: true },
  { path: '/v3lockpb.Lock/Lock', answer: etcd.LockResponse, isSingle: true },
  { path: '/v3electionpb.Election/Campaign', answer: etcd.CampaignResponse, isSingle: true },
  { path: '/v3electionpb.Election/Observe', answer: etcd.LeaderResponse, isSingle: true },
  { path: '/etcdserverpb.KV/RangeStream', answer: etcd.RangeStreamResponse, isSingle: true },
];

const putChoice = streams.length;
const cancelChoice = streams.length + 1;
const choices = streams.length + 2;

const names = ['', 'a', 'b', 'common-'].map((name) => new TextEncoder().encode(name));

function create(prng: Prng) {
  return {
    key: prng.pick(names),
    rangeEnd: prng.chance(0.5) ? prng.pick(names) : Uint8Array.of(0),
    startRevision: prng.chance(0.4) ? prng.below(12) : 0,
    watchId: BigInt(prng.below(3)),
    prevKv: prng.chance(0.3),
    fragment: prng.chance(0.2),
    progressNotify: prng.chance(0.2),
    filters: prng.chance(0.2) ? [prng.below(2)] : [],
  };
}

function watchRequest(prng: Prng): Uint8Array {
  const kind = prng.below(4);
  if (kind === 2) return encodeMessage(etcd.WatchRequest, { progressRequest: {} });
  if (kind === 3) {
    const cancelRequest = { watchId: BigInt(prng.below(3)) };
    return encodeMessage(etcd.WatchRequest, { cancelRequest });
  }
  return encodeMessage(etcd.WatchRequest, { createRequest: create(prng) });
}

function messageFor(choice: number, prng: Prng): Uint8Array {
  const path = streams[choice]?.path ?? '';
  const name = prng.pick(names);
  if (path.endsWith('Watch')) return watchRequest(prng);
  if (path.endsWith('/Lock')) return encodeMessage(etcd.LockRequest, { name });
  if (path.endsWith('Campaign')) return encodeMessage(etcd.CampaignRequest, { name, value: name });
  if (path.endsWith('Observe')) return encodeMessage(etcd.LeaderRequest, { name });
  if (choice === cancelChoice) return Uint8Array.of(prng.below(streams.length));
  const key = prng.pick(names);
  if (choice !== putChoice) return encodeMessage(etcd.RangeRequest, { key, rangeEnd: name });
  return encodeMessage(etcd.PutRequest, { key, value: name });
}

function generate(prng: Prng): Uint8Array {
  const pieces: number[] = [];
  for (let left = 1 + prng.below(12); left > 0; left--) {
    const choice = prng.below(choices);
    const message = messageFor(choice, prng);
    pieces.push(choice, message.length, ...message);
  }
  return Uint8Array.from(pieces);
}

/** What a client has of one call. */
class Client {
  answers = 0;
  ended: RpcError | null | undefined;
  #listener: StreamListener | null = null;
  readonly #stream: Stream;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  get name(): string {
    return this.#stream.path.slice(this.#stream.path.lastIndexOf('/') + 1);
  }

  say(service: ReturnType<typeof openService>['service'], message: Uint8Array): void {
    if (this.ended !== undefined) return;
    if (this.#listener !== null && this.#stream.isSingle) return;
    this.#listener ??= service.stream(this.#stream.path)({
      context: { requireLeader: false, token: '', commonName: '' },
      send: (bytes) => {
        assert.equal(this.ended, undefined, 'nothing comes after the end');
        const answer = decodeMessage(this.#stream.answer, new Uint8Array(bytes));
        assert.ok(answer !== null, 'an answer is malformed');
        this.answers++;
        return true;
      },
      end: (error) => {
        assert.equal(this.ended, undefined, 'a call ends once');
        this.ended = error;
      },
    });
    this.#listener.message(message);
    if (this.#stream.isSingle && this.ended === undefined) this.#listener.halfClosed();
  }

  leave(): void {
    if (this.ended === undefined) this.#listener?.closed();
    this.ended ??= null;
  }
}

/** Whatever is said and however it ends, answers are well-formed and nothing stays behind. */
function run(input: Uint8Array) {
  const { service, turn } = openService();
  const clients = streams.map((stream) => new Client(stream));
  for (let at = 0; at + 1 < input.length; ) {
    const choice = (input[at] ?? 0) % choices;
    const end = at + 2 + (input[at + 1] ?? 0);
    const message = input.slice(at + 2, end);
    at = end;
    if (choice === putChoice) callOnce(service, '/etcdserverpb.KV/Put', message);
    else if (choice === cancelChoice) clients[(message[0] ?? 0) % clients.length]?.leave();
    else clients[choice]?.say(service, message);
    turn();
  }
  const errors = clients.flatMap(({ ended }) => ended ?? []);
  const answered = clients.filter(({ answers }) => answers > 0).map(({ name }) => name);
  for (const client of clients) client.leave();
  turn();
  assert.deepEqual([service.streams, service.watchCensus.watchers], [0, 0]);
  const isMalformed = errors.some(({ code }) => code === StatusCode.internal);
  const messages = errors.map(({ message }) => message);
  return { accepted: !isMalformed, behaviour: [...answered, ...messages].join(', ') };
}

export const fuzzer = {
  about: 'watches, locks and elections of clients side by side, from the bytes to the end',
  maxBytes: 2048,
  generate,
  run,
  isRefusal: () => false,
  allocation: { fixedBytes: 32 << 20, perInputByte: 65_536 },
};

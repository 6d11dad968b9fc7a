import { encodeMessage, etcd, type Init } from '@quorate/schema';
import { call, rpcOf, text } from './calls.ts';
import type { Drawer } from './drawer.ts';
import type { Step } from './operation.ts';

const maxStreams = 3;
const zero = Uint8Array.of(0);

export function drawWatch(draw: Drawer): Step[] {
  const { prng, state } = draw;
  if (draw.wire === 'gateway')
    return [{ kind: 'gatewayWatch', body: gatewayBody(draw), as: asOf(draw) }];
  const streams = [...state.streams];
  if (streams.length === 0 || (streams.length < maxStreams && prng.chance(0.3))) {
    const stream = state.nextStream++;
    state.streams.add(stream);
    const count = prng.between(1, 3);
    const requests = Array.from({ length: count }, () =>
      encodeMessage(etcd.WatchRequest, { createRequest: drawCreate(draw) }),
    );
    return [{ kind: 'watchOpen', stream, as: asOf(draw), requests }];
  }
  const stream = prng.pick(streams);
  if (prng.chance(0.12)) {
    state.streams.delete(stream);
    return [{ kind: 'settle' }, { kind: 'watchClose', stream }];
  }
  return drawMessage(draw, stream);
}

/**
 * Overwrites or deletes a key, compacts at just that revision, and watches with what was before
 * from there and from the next one on.
 */
export function drawWatchOfCompacted(draw: Drawer, as: string): Step[] {
  const { prng, state } = draw;
  const key = draw.filledKey();
  const put = (): Step => call(draw, 'KV/Put', { key, value: draw.value() }, as);
  const isDeleted = prng.chance(0.4);
  // Should the revision be another one than was thought, that is a case as well.
  const revision = state.head + 2;
  const from = (startRevision: number): Init<etcd.WatchCreateRequest> => {
    const range = prng.chance(0.5) ? { key } : { key: zero, rangeEnd: zero };
    return { ...range, startRevision, prevKv: true };
  };
  // Etcd 3.4 forgets the deletion, and it takes long to be sure of that.
  const starts = isDeleted && prng.chance(0.5) ? [revision + 1] : [revision, revision + 1];
  const requests = starts.map((start) =>
    encodeMessage(etcd.WatchRequest, { createRequest: from(start) }),
  );
  const steps: Step[] = [
    put(),
    isDeleted ? call(draw, 'KV/DeleteRange', { key }, as) : put(),
    ...(prng.chance(0.5) ? [put()] : []),
    { kind: 'settle' },
    call(draw, 'KV/Compact', { revision, physical: prng.chance(0.5) }, as),
  ];
  if (draw.wire === 'gateway') {
    for (const request of requests) {
      steps.push({ kind: 'gatewayWatch', body: text(draw, rpcOf('Watch/Watch'), request), as });
    }
    return steps;
  }
  const stream = state.nextStream++;
  steps.push({ kind: 'watchOpen', stream, as, requests });
  return [...steps, { kind: 'settle' }, { kind: 'watchClose', stream }];
}

function drawMessage(draw: Drawer, stream: number): Step[] {
  const { prng } = draw;
  const send = (message: Init<etcd.WatchRequest>, answers: number): Step => ({
    kind: 'watchSend',
    stream,
    request: encodeMessage(etcd.WatchRequest, message),
    answers,
  });
  switch (prng.below(6)) {
    case 0:
      return [send({ createRequest: drawCreate(draw) }, 1)];
    case 1: {
      // Whether it is there is not known here, so no answer is waited for.
      const watchId = prng.chance(0.8) ? BigInt(prng.below(4)) : prng.pick([-1n, 50n]);
      return [{ kind: 'settle' }, send({ cancelRequest: { watchId } }, 0), { kind: 'settle' }];
    }
    case 2:
      return [{ kind: 'settle' }, { kind: 'watchProgress', stream }];
    case 3:
      return prng.chance(0.2) ? [send({}, 0)] : [{ kind: 'settle' }];
    default:
      return [{ kind: 'settle' }];
  }
}

function drawCreate(draw: Drawer): Init<etcd.WatchCreateRequest> {
  const { prng } = draw;
  const startRevision = prng.chance(0.5) ? 0 : Math.max(0, draw.revision());
  return {
    ...draw.range(),
    startRevision,
    prevKv: prng.chance(0.5),
    fragment: prng.chance(0.3),
    progressNotify: prng.chance(0.2),
    filters: prng.pick([[], [], [], [0], [1], [0, 1], [1, 1]]),
    watchId: prng.chance(0.85) ? 0n : prng.pick([1n, 2n, 3n, 7n, 50n]),
  };
}

function gatewayBody(draw: Drawer): string {
  const createRequest = { ...drawCreate(draw), fragment: false, progressNotify: false };
  const request = encodeMessage(etcd.WatchRequest, { createRequest });
  return text(draw, rpcOf('Watch/Watch'), request);
}

function asOf(draw: Drawer): string {
  return draw.state.isAuthOn ? draw.as() : '';
}

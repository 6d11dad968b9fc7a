import { encodeMessage, etcd } from '@quorate/schema';
import { call, callWith, rpcOf, text } from './calls.ts';
import type { Drawer } from './drawer.ts';
import type { Step } from './operation.ts';

/** Long enough that none ends while it is looked at. */
const longTtl = 36_000;

export function drawLease(draw: Drawer): Step[] {
  const { prng } = draw;
  const ID = draw.lease();
  // In 3.4 nobody is asked who he is, and whoever changes something parts the two servers.
  const as = draw.state.isAuthOn && prng.chance(0.9) ? 'root' : draw.as();
  switch (prng.below(8)) {
    case 0:
    case 1:
      return [grant(draw, ID, longTtl + prng.below(1000), as)];
    case 2:
      return [call(draw, 'Lease/LeaseRevoke', { ID }, as)];
    case 3:
    case 4:
      return [call(draw, 'Lease/LeaseTimeToLive', { ID, keys: prng.chance(0.7) })];
    case 5:
      return [call(draw, 'Lease/LeaseLeases', {})];
    case 6:
      return [keepAlive(draw)];
    default:
      return prng.chance(0.5) ? chosenByServer(draw) : shortLived(draw, ID);
  }
}

/** Written plainly: in some ways to write it there is no time to live, and it ends too soon. */
export function grant(draw: Drawer, ID: bigint, TTL: number, as: string): Step {
  return callWith(draw, 'Lease/LeaseGrant', () => ({ ID, TTL }), as);
}

function keepAlive(draw: Drawer): Step {
  const { prng } = draw;
  const count = prng.pick([0, 1, 1, 2, 3]);
  const rpc = rpcOf('Lease/LeaseKeepAlive');
  const requests = Array.from({ length: count }, () =>
    encodeMessage(etcd.LeaseKeepAliveRequest, { ID: draw.lease() }),
  );
  if (draw.wire === 'grpc') return { kind: 'keepAlive', requests, as: draw.as() };
  const body = requests.map((request) => text(draw, rpc, request)).join(prng.pick(['', '\n', ' ']));
  return { kind: 'http', method: 'POST', path: '/v3/lease/keepalive', body, as: draw.as() };
}

/** The id is each server's own: the lease goes before anything shows it. */
function chosenByServer(draw: Drawer): Step[] {
  const as = draw.state.isAuthOn ? 'root' : '';
  const key = draw.key();
  return [
    call(draw, 'Lease/LeaseGrant', { TTL: longTtl }, as),
    callWith(draw, 'KV/Put', ({ lease }) => ({ key, lease }), as),
    callWith(draw, 'Lease/LeaseTimeToLive', ({ lease }) => ({ ID: lease, keys: true }), as),
    callWith(draw, 'Lease/LeaseRevoke', ({ lease }) => ({ ID: lease }), as),
  ];
}

/** Less than a lease may have, or more; those that would end soon are ended. */
function shortLived(draw: Drawer, ID: bigint): Step[] {
  const TTL = draw.prng.pick([0, -1, 1, 2, 9_000_000_000, 9_000_000_001, Number.MAX_SAFE_INTEGER]);
  const as = draw.state.isAuthOn ? 'root' : '';
  return [
    call(draw, 'Lease/LeaseRevoke', { ID }, as),
    grant(draw, ID, TTL, as),
    callWith(draw, 'Lease/LeaseRevoke', () => ({ ID }), as),
  ];
}

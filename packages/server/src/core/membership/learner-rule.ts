import { decodeMessage, etcd } from '@quorate/schema';
import { type RpcError, rpcErrors } from '../rpc-error.ts';
import type { ServiceContext } from '../service-context.ts';
import { isLasting } from './member-view.ts';

/** What a learner answers whatever is asked with it: its own state, without anybody's consent. */
const always: ReadonlySet<string> = new Set([
  '/etcdserverpb.Maintenance/Status',
  '/etcdserverpb.Maintenance/Snapshot',
  '/grpc.health.v1.Health/Check',
]);

/**
 * @param request null: of a stream, whose messages come later
 * @returns why a node that is to stay a learner does not serve the call
 */
export function learnerRefusal(
  { leadership, group }: ServiceContext,
  path: string,
  request: Uint8Array | null,
): RpcError | null {
  if (leadership.role !== 'learner' || always.has(path)) return null;
  const { configuration, node } = group.status();
  if (!isLasting(configuration, node)) return null;
  if (path === '/etcdserverpb.KV/Range' && request !== null) {
    if (decodeMessage(etcd.RangeRequest, request)?.serializable === true) return null;
  }
  return rpcErrors.notSupportedForLearner;
}

import { decodeMessage, etcd } from '@quorate/schema';
import type { CallContext, UnaryDone, UnaryMethod } from './method.ts';
import { malformedRequest, type RpcError, rpcErrors, StatusCode } from './rpc-error.ts';
import type { ServiceContext } from './service-context.ts';

const unknownMethod: RpcError = {
  code: StatusCode.unknown,
  message: 'etcdserver: unknown method',
};

/** Two numbers will do; of three, what is behind the third is not looked at. */
const versionForm = /^\d{1,9}\.\d{1,9}(?:\.\d{1,9}(?:[-+][0-9A-Za-z.+-]*)?)?$/;

/**
 * Going back to the release before: there is none to go back to, whose data this one could make.
 * So no target is ever allowed, and no such job is ever under way.
 *
 * @returns the method by its path
 */
export function downgrade(context: ServiceContext): [path: string, method: UnaryMethod] {
  return [
    '/etcdserverpb.Maintenance/Downgrade',
    (request: Uint8Array, done: UnaryDone, call: CallContext): void => {
      const wire = decodeMessage(etcd.DowngradeRequest, request);
      const refusal = wire === null ? malformedRequest : context.guard.userRefusal(call);
      if (wire === null || refusal !== null) done(refusal, null);
      else answerTo(wire, context, done);
    },
  ];
}

function answerTo(
  { action, version }: etcd.DowngradeRequest,
  context: ServiceContext,
  done: UnaryDone,
): void {
  const { VALIDATE, ENABLE, CANCEL } = etcd.DowngradeRequestDowngradeAction;
  if (action === CANCEL) {
    context.linearizable(done, () => done(rpcErrors.noInflightDowngrade, null));
  } else if (action !== VALIDATE && action !== ENABLE) done(unknownMethod, null);
  else if (!versionForm.test(version)) done(rpcErrors.downgradeVersionFormat, null);
  else context.linearizable(done, () => done(rpcErrors.downgradeVersionInvalid, null));
}

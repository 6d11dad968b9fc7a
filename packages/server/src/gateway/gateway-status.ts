import { type RpcError, StatusCode } from '../core/index.ts';

const byCode: Readonly<Record<StatusCode, number>> = {
  [StatusCode.ok]: 200,
  [StatusCode.canceled]: 408,
  [StatusCode.unknown]: 500,
  [StatusCode.invalidArgument]: 400,
  [StatusCode.deadlineExceeded]: 504,
  [StatusCode.notFound]: 404,
  [StatusCode.permissionDenied]: 403,
  [StatusCode.resourceExhausted]: 429,
  [StatusCode.failedPrecondition]: 412,
  [StatusCode.outOfRange]: 400,
  [StatusCode.unimplemented]: 501,
  [StatusCode.internal]: 500,
  [StatusCode.unavailable]: 503,
  [StatusCode.dataLoss]: 500,
  [StatusCode.unauthenticated]: 401,
};

/** The status that clients of the gateway know for an error. */
export function httpStatusOf({ code }: RpcError): number {
  return byCode[code];
}

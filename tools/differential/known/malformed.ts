import type { Outcome, Step } from '../operation.ts';
import { isOddlyEncoded, methodOf } from './asked.ts';
import type { KnownDifference } from './known-difference.ts';
import { areAlikeButForBodies, isGood, isSame, refusalOf } from './refusal.ts';

type Fields = Record<string, unknown>;

const never = (): boolean => false;

/** Differences in what is said to requests that are no requests. */
export const malformedDifferences: readonly KnownDifference[] = [
  {
    name: 'JSON wording',
    reason: 'what is wrong with a body that is no message is said in other words; all else agrees',
    parts: never,
    matches: (step, [etcd, ours]) =>
      (step.kind === 'gatewayWatch' && isJsonComplaint(heardOf(etcd), heardOf(ours))) ||
      (step.kind === 'http' &&
        areAlikeButForBodies(etcd, ours) &&
        isJsonComplaint(refusalOf(etcd), refusalOf(ours))),
  },
  {
    name: 'protobuf wording',
    reason: 'what is wrong with bytes that are no message is said in other words; the code agrees',
    parts: never,
    matches: (step, both) => isOddlyEncoded(step) && both.every(isUnmarshalling),
  },
  {
    name: 'protobuf leniency',
    reason: 'a field of another wire type is passed over here, an odd unknown one in etcd',
    parts: (both) => both.some(isGood),
    matches: (step, both) =>
      isOddlyEncoded(step) && both.filter(isUnmarshalling).length === 1 && !both.every(hasSaid),
  },
  {
    name: 'null on a stream',
    reason:
      'etcd takes null for the empty message also on streams of the gateway, here it ends them',
    parts: never,
    matches: (step, [etcd, ours]) =>
      (step.kind === 'gatewayWatch' && step.body === 'null') || isCutAtNull(step, etcd, ours),
  },
  {
    name: 'paths as they are',
    reason:
      'a path with .. or // or %72, and /v3, is sent elsewhere (301) or read by etcd; unknown here',
    parts: never,
    matches: (step, [etcd, ours]) =>
      step.kind === 'http' &&
      /\/\/|\/\.\.|%|^\/v3$/.test(step.path) &&
      (etcd.status === 301 || step.path.includes('%')) &&
      ours.status === 404 &&
      /^(?:404 page not found|Not Found)\n$/.test(String((ours.body as Fields)['text'])),
  },
];

/** How servers in Go complain of JSON, and how this one does. */
const goComplaints: readonly RegExp[] = [
  /^json: (?:cannot unmarshal|invalid use)/,
  /^invalid character /,
  /^unexpected (?:EOF|end of JSON)/,
  /^illegal base64 data at input byte \d+$/,
  /^unknown value ".*" for enum /,
];
const ourComplaints: readonly RegExp[] = [
  /^json: \w+ is /,
  /^json: a message is an object, not /,
  /^illegal base64 data at input byte \d+$/,
  /^unknown value ".*" for enum /,
  /^unexpected EOF$/,
  /^the body is not made of JSON objects$/,
  / (?:in|after) JSON at position \d+/,
  / is not valid JSON$/,
  /^Unexpected end of JSON input$/,
];

function isJsonComplaint(
  etcd: { readonly code: number; readonly text: string } | null,
  ours: { readonly code: number; readonly text: string } | null,
): boolean {
  if (etcd === null || ours === null || etcd.code !== ours.code) return false;
  const isOneOf = (text: string, complaints: readonly RegExp[]) =>
    complaints.some((complaint) => complaint.test(text));
  return isOneOf(etcd.text, goComplaints) && isOneOf(ours.text, ourComplaints);
}

/** Of a watch over the gateway that has only been refused. */
function heardOf({ body }: Outcome): { readonly code: number; readonly text: string } | null {
  const { stream, ...watches } = (body ?? {}) as { readonly stream?: readonly Fields[] };
  const [status, said] = stream ?? [];
  if (status?.['code'] !== 500 || Object.keys(watches).length > 0) return null;
  try {
    const { code, error, message } = JSON.parse(String(said?.['message'])) as Fields;
    return error === message ? { code: Number(code), text: String(message) } : null;
  } catch {
    return null;
  }
}

function isUnmarshalling(outcome: Outcome): boolean {
  return outcome.status === 13 && hasSaid(outcome);
}

function hasSaid({ message }: Outcome): boolean {
  return message.startsWith('grpc: error unmarshalling request');
}

/** What was answered before the null is the same, and there is nothing more here. */
function isCutAtNull(step: Step, etcd: Outcome, ours: Outcome): boolean {
  const isNullBehind = /^\s*(?:\{.*\}\s*)?null\b/s;
  if (methodOf(step) !== 'Lease/LeaseKeepAlive' || step.kind !== 'http') return false;
  if (!isNullBehind.test(String(step.body))) return false;
  if (step.body === 'null') return isGood(etcd) && refusalOf(ours) !== null;
  const [theirs, own] = [linesOf(etcd), linesOf(ours)];
  return areAlikeButForBodies(etcd, ours) && isSame(theirs.slice(0, own.length), own);
}

function linesOf({ body }: Outcome): readonly unknown[] {
  const json = (body as Fields)['json'];
  return Array.isArray(json) ? (json as readonly unknown[]) : json === undefined ? [] : [json];
}

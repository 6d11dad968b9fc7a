/** The header fields of a request that mean something here. */
export const FieldKey = {
  other: 0,
  method: 1,
  scheme: 2,
  path: 3,
  authority: 4,
  contentType: 5,
  te: 6,
  grpcEncoding: 7,
  grpcTimeout: 8,
  token: 9,
  authorization: 10,
  hasLeader: 11,
  /** Belongs to a connection of HTTP/1.1: malformed here (RFC 9113, 8.2.2). */
  connectionSpecific: 12,
  /** Begins with a colon, and is none that a request has. */
  unknownPseudo: 13,
  /** A name or value with bytes that no field may have (RFC 9113, 8.2.1). */
  malformed: 14,
  traceparent: 15,
  metadataHasLeader: 16,
} as const;
export type FieldKey = (typeof FieldKey)[keyof typeof FieldKey];

/** One header field. What it is gets found once, and not each time a client refers to it. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  readonly key: FieldKey;
  /** As the sizes of tables and lists count it (RFC 7541, 4.1). */
  readonly bytes: number;
}

const keys = new Map<string, FieldKey>([
  [':method', FieldKey.method],
  [':scheme', FieldKey.scheme],
  [':path', FieldKey.path],
  [':authority', FieldKey.authority],
  ['content-type', FieldKey.contentType],
  ['te', FieldKey.te],
  ['grpc-encoding', FieldKey.grpcEncoding],
  ['grpc-timeout', FieldKey.grpcTimeout],
  ['token', FieldKey.token],
  ['authorization', FieldKey.authorization],
  ['hasleader', FieldKey.hasLeader],
  ['traceparent', FieldKey.traceparent],
  ['grpc-metadata-hasleader', FieldKey.metadataHasLeader],
  ['connection', FieldKey.connectionSpecific],
  ['proxy-connection', FieldKey.connectionSpecific],
  ['keep-alive', FieldKey.connectionSpecific],
  ['transfer-encoding', FieldKey.connectionSpecific],
  ['upgrade', FieldKey.connectionSpecific],
]);

const wellFormedName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const forbiddenInValue = /[\0\r\n]/;

function keyOf(name: string, value: string): FieldKey {
  if (forbiddenInValue.test(value)) return FieldKey.malformed;
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (name.startsWith(':')) return FieldKey.unknownPseudo;
  return wellFormedName.test(name) ? FieldKey.other : FieldKey.malformed;
}

/** @param name and `value`: one character for each byte */
export function headerField(name: string, value: string): HeaderField {
  return { name, value, key: keyOf(name, value), bytes: name.length + value.length + 32 };
}

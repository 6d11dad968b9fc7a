import { FieldKey, type HeaderField } from './hpack/header-field.ts';
import type { FieldSink } from './hpack/hpack-decoder.ts';

/** The header fields of one request, as far as they mean something here. One is used for all. */
export class RequestHead implements FieldSink {
  method = '';
  path = '';
  contentType = '';
  encoding = '';
  timeout = '';
  token = '';
  authorization = '';
  traceparent = '';
  requireLeader = false;
  /** As requests to the gateway say that a leader is required. */
  metadataHasLeader = '';
  /** RFC 9113, 6.5.2. */
  bytes = 0;
  /** HTTP/2 forbids such a request (RFC 9113, 8.1.1). */
  isMalformed = false;
  /** The pseudo-header fields that were there: a bit each. */
  #pseudo = 0;
  #hasRegular = false;

  reset(): void {
    this.method = '';
    this.path = '';
    this.contentType = '';
    this.encoding = '';
    this.timeout = '';
    this.token = '';
    this.authorization = '';
    this.traceparent = '';
    this.requireLeader = false;
    this.metadataHasLeader = '';
    this.bytes = 0;
    this.isMalformed = false;
    this.#pseudo = 0;
    this.#hasRegular = false;
  }

  /** Whether it may begin a request: `:authority` may be missing, and may be anything. */
  get isRequest(): boolean {
    const needed = (1 << FieldKey.method) | (1 << FieldKey.scheme) | (1 << FieldKey.path);
    return !this.isMalformed && (this.#pseudo & needed) === needed && this.path !== '';
  }

  /** Whether it may end one. */
  get isTrailers(): boolean {
    return !this.isMalformed && this.#pseudo === 0;
  }

  field({ key, value, bytes }: HeaderField): void {
    this.bytes += bytes;
    if (key > FieldKey.authority) this.#regular(key, value);
    else if (key === FieldKey.other) this.#hasRegular = true;
    else this.#pseudoField(key, value);
  }

  #pseudoField(key: FieldKey, value: string): void {
    const bit = 1 << key;
    if (this.#hasRegular || (this.#pseudo & bit) !== 0) this.isMalformed = true;
    this.#pseudo |= bit;
    if (key === FieldKey.method) this.method = value;
    else if (key === FieldKey.path) this.path = value;
  }

  #regular(key: FieldKey, value: string): void {
    this.#hasRegular = true;
    switch (key) {
      case FieldKey.contentType:
        this.contentType = value;
        break;
      case FieldKey.grpcEncoding:
        this.encoding = value;
        break;
      case FieldKey.grpcTimeout:
        this.timeout = value;
        break;
      case FieldKey.token:
        this.token ||= value;
        break;
      case FieldKey.authorization:
        this.authorization ||= value;
        break;
      case FieldKey.hasLeader:
        this.requireLeader ||= value === 'true';
        break;
      case FieldKey.traceparent:
        this.traceparent ||= value;
        break;
      case FieldKey.metadataHasLeader:
        this.metadataHasLeader ||= value;
        break;
      case FieldKey.te:
        this.isMalformed ||= value !== 'trailers';
        break;
      default:
        this.isMalformed = true;
    }
  }
}

import type { Logger, Network } from '@quorate/base';
import { RefusalLog } from '../tls/refusal-log.ts';
import { SharedKey, sharedKeyReason } from '../tls/shared-key.ts';
import { SecureSockets } from './secure-sockets.ts';

/** One secret for all nodes. */
export interface PskNetworkOptions {
  /** 16, 24 or 32 bytes, drawn at random; copied. */
  readonly key: Uint8Array;
  /** From an accepted connection to the end of its handshake. Default 5,000. */
  readonly handshakeTimeoutMs?: number;
  readonly logger: Logger;
}

const advice = 'if it is a node, give it the same shared key as this one';

/**
 * TCP with TLS between nodes that share a key: encrypted with forward secrecy, and both ends prove
 * that they have the key, by the cipher suites of TLS for that (RFC 4279, RFC 5489). Nobody has to
 * issue certificates, but nobody has an identity either: whoever has the key can be any node, and
 * to take it from one of them is to give all others a new one. Certificates (`openTlsNetwork`) are
 * the better choice where they can be had.
 *
 * Give its function to `network` of `openMember` or `openNode`: `network: () => network`.
 *
 * @throws NodeError NODE_OPTIONS_INVALID when the key cannot be one; it is shown nowhere
 */
export function openPskNetwork(options: PskNetworkOptions): Network {
  const { key, logger, handshakeTimeoutMs } = options;
  const shared = new SharedKey('key', key);
  return new SecureSockets({
    keys: shared,
    judge: () => null,
    reasonOf: sharedKeyReason,
    brokenOffReason: 'it broke the TLS handshake off (ECONNRESET)',
    adviceFor: () => advice,
    dialAdvice: 'give both nodes the same shared key',
    dialOptions: () => shared.dialOptions,
    ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
    refusals: new RefusalLog(logger),
    logger,
  });
}

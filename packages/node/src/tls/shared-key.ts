import { constants } from 'node:crypto';
import { getCiphers, type TlsOptions } from 'node:tls';
import { NodeError } from '../node-error.ts';
import type { DoorKeys } from './tls-door.ts';
import { tlsReason } from './tls-reason.ts';

const keyBytes: readonly number[] = [16, 24, 32];

/** Who is meant, before anything is proved: there is one key, and one name for it. */
const identity = 'quorate-peer';

/** Forward secrecy by an ephemeral exchange, and authenticated encryption (RFC 5489, RFC 7905). */
const suite = 'ECDHE-PSK-CHACHA20-POLY1305';

/** Suites with a shared key and an ephemeral exchange are of TLS 1.2. */
const version = 'TLSv1.2';

const keyFix = 'give 16, 24 or 32 bytes that were drawn at random, the same on every node';

const differs = 'the shared key differs';
const certificates = 'it speaks TLS with certificates, and not with a shared key';

/** By the codes of Node.js and OpenSSL, as `tlsReason` has them for certificates. */
const meanings: Readonly<Record<string, string>> = {
  // Whoever accepts cannot read what proves the key; whoever dials is told so by an alert.
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: differs,
  ERR_SSL_DIGEST_CHECK_FAILED: differs,
  ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC: differs,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: differs,
  ERR_SSL_NO_SHARED_CIPHER: certificates,
  ERR_SSL_UNSUPPORTED_PROTOCOL: certificates,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: certificates,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks TLS of another version, or no TLS at all',
  ERR_SSL_PSK_IDENTITY_NOT_FOUND: 'it names another key than that of nodes',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_PSK_IDENTITY: 'it knows no key of nodes',
};

/** One secret for both ends, kept where no log and no error shows it. */
export class SharedKey implements DoorKeys {
  readonly #key: Uint8Array;
  readonly asksForCertificates = false;

  /**
   * @param field of the option, for the error
   * @throws NodeError NODE_OPTIONS_INVALID, without a word of what was given
   */
  constructor(field: string, key: Uint8Array) {
    if (!(key instanceof Uint8Array)) throw invalid(field, 'is no Uint8Array', keyFix);
    if (!keyBytes.includes(key.length)) throw invalid(field, `has ${key.length} bytes`, keyFix);
    if (key.every((byte) => byte === key[0])) {
      throw invalid(field, 'is one byte again and again', keyFix);
    }
    if (!getCiphers().includes(suite.toLowerCase())) {
      const fix = 'use certificates instead, or another build of Node.js';
      throw invalid(field, `needs the cipher suite ${suite}, which is not here`, fix);
    }
    // `slice` of a Buffer would not copy.
    this.#key = Uint8Array.from(key);
  }

  get contextOptions(): TlsOptions {
    return {
      ...spoken,
      pskCallback: (_socket, name) => (name === identity ? this.#key : null),
    };
  }

  /** For whoever dials. */
  get dialOptions() {
    return {
      ...spoken,
      pskCallback: () => ({ psk: this.#key, identity }),
      // There is no certificate: who has the key is known by the end of the handshake.
      checkServerIdentity: () => undefined,
    };
  }

  /** It is the same for good. */
  onChange(): void {
    return undefined;
  }
}

const spoken = {
  ciphers: suite,
  minVersion: version,
  maxVersion: version,
  // Each connection proves the key anew, and once.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const;

/** What a failed handshake means where a key is shared; null: nothing that TLS has a word for. */
export function sharedKeyReason(code: string | undefined): string | null {
  const known = code?.replace('ERR_SSL_SSL/TLS_ALERT_', 'ERR_SSL_SSLV3_ALERT_');
  const meaning = known === undefined ? undefined : meanings[known];
  return meaning === undefined ? tlsReason(code) : `${meaning} (${code})`;
}

function invalid(field: string, problem: string, fix: string): NodeError {
  return new NodeError('NODE_OPTIONS_INVALID', `option ${field} ${problem}: ${fix}`, {
    field,
    fix,
  });
}

import type { Address } from '@quorate/base';
import type { IdentityRule, TlsOptions } from '@quorate/node';

/** How nodes prove to each other who they are. */
export interface PeerTlsOptions extends TlsOptions, IdentityRule {}

/**
 * How this node proves to clients who it is; with `trustedCaFile` clients have to show a
 * certificate as well.
 */
export interface ClientTlsOptions extends TlsOptions, IdentityRule {
  /** The common name of a client's certificate is its user, where it gives no token. */
  readonly clientCertAuth?: boolean;
}

/** Where clients connect. */
export interface ClientListener extends Address {
  /** By TLS; `clientTls` has to be given then. */
  readonly isSecure?: boolean;
}

import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { type ChannelCredentials, type ClientOptions, credentials } from '@grpc/grpc-js';
import { ClientError } from '../client-error.ts';

/** How servers with `https://` are checked, and what the client shows them. All in PEM. */
export interface ClientTls {
  /**
   * The authorities that have to stand behind a server's certificate; several may follow each
   * other. Left out: those that Node.js comes with.
   */
  readonly ca?: string | Uint8Array;
  /** The client's own certificate, then those between it and its authority. With `key`. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** What the server's certificate has to be for, when that is not the host of the endpoint. */
  readonly serverName?: string;
}

function bufferOf(pem: string | Uint8Array | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

/** What a channel to one host is opened with. */
export interface SecureForm {
  readonly credentials: ChannelCredentials;
  readonly options: ClientOptions;
}

/** Said to a server that is known by its address alone: the protocol has no place for addresses. */
const nameOfAddress = 'localhost';

/**
 * @param host of the endpoint, without brackets
 * @throws ClientError CLIENT_TLS_INVALID
 */
export function secureForm(tls: ClientTls, host: string): SecureForm {
  const hasKey = tls.key !== undefined;
  if (hasKey !== (tls.cert !== undefined)) {
    throw invalid(`there is a ${hasKey ? 'key' : 'certificate'} alone: give both, or neither`);
  }
  try {
    const expected = tls.serverName ?? host;
    const made = credentials.createSsl(bufferOf(tls.ca), bufferOf(tls.key), bufferOf(tls.cert), {
      // What gRPC would have checked is the name that was said.
      checkServerIdentity: (_said, certificate) => checkServerIdentity(expected, certificate),
    });
    const said = isIP(expected) === 0 ? expected : nameOfAddress;
    return { credentials: made, options: { 'grpc.ssl_target_name_override': said } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`the certificates cannot be used (${reason}): give PEM whose key fits`, error);
  }
}

function invalid(reason: string, cause?: unknown): ClientError<'CLIENT_TLS_INVALID'> {
  const message = `tls: ${reason}`;
  return new ClientError('CLIENT_TLS_INVALID', message, { reason }, { cause });
}

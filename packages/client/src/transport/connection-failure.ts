/** By what a TLS library or gRPC says, in the order in which they are looked for. */
const causes: readonly (readonly [RegExp, string])[] = [
  [
    /certificate.required|alert number 116|handshake failure|alert bad certificate/i,
    'the server asks for a certificate: give one that it accepts, and its key (--cert and --key)',
  ],
  [
    /unable to verify|unable to get|self.signed|UNABLE_TO_|SELF_SIGNED/i,
    'its certificate is signed by no authority that is trusted here: give the one of the cluster ' +
      '(--cacert)',
  ],
  [
    /unknown ca|alert number 48/i,
    'the server does not trust the authority of the certificate shown to it: check --cert',
  ],
  [
    /wrong version number|packet length too long/i,
    'the server does not speak TLS: write http:// for it',
  ],
];

const closedSecure =
  'the connection was closed; a server of TLS does so when it wants a certificate ' +
  '(--cert and --key), or when it speaks no TLS (http://)';
const closedPlain =
  'the connection was closed; if the server speaks TLS, write https:// and give its authority ' +
  '(--cacert)';

/** gRPC adds the time at which it happened. */
const date = / \(\d{4}-[\dT:.-]+Z\)/;
/** How gRPC says that a connection ended before it was one. */
const nothingSaid = 'Failed to connect';
const endedEarly = /ECONNRESET|EPIPE|socket hang up|protocol error|disconnected before secure/i;

/**
 * @param said by gRPC, about an attempt to connect
 * @returns what that means and what to do about it; `said`, less its date, otherwise
 */
export function connectionFailure(said: string, isSecure: boolean): string {
  const text = said.replace(date, '');
  const cause = causes.find(([pattern]) => pattern.test(text));
  if (cause !== undefined) return text.includes('SSL routines') ? cause[1] : `${cause[1]}; ${text}`;
  if (text === nothingSaid || endedEarly.test(text)) return isSecure ? closedSecure : closedPlain;
  return text;
}

/** By what a TLS library or gRPC says, in the order in which they are looked for. */
const causes: readonly (readonly [RegExp, string])[] = [
  [
    /unable to verify|unable to get|self.signed|UNABLE_TO_|SELF_SIGNED/i,
    'its certificate is signed by no authority that is trusted here: give the one of the cluster ' +
      '(--cacert)',
  ],
  [
    /wrong version number|packet length too long/i,
    'the server does not speak TLS: write http:// for it',
  ],
];

/** What servers say of a certificate; some of them also when they got none. */
const certificateAlerts = [
  /certificate.required|alert number 116|handshake failure|unknown ca|alert number 48/,
  /alert (?:bad|unsupported) certificate|alert certificate (?:revoked|expired|unknown)/,
];
const certificateWanted =
  'the server asks for a certificate: give one that it accepts, and its key (--cert and --key)';

const closedPlain =
  'the connection was closed; if the server speaks TLS, write https:// and give its authority ' +
  '(--cacert)';
const closedSecure =
  'the connection was closed; a server of TLS does so when it wants a certificate ' +
  '(--cert and --key), or when it speaks no TLS (http://)';

/** gRPC adds the time at which it happened. */
const date = / \(\d{4}-[\dT:.-]+Z\)/;
/** How gRPC says that a connection ended before it was one. */
const nothingSaid = 'Failed to connect';
const endedEarly = /ECONNRESET|EPIPE|socket hang up|protocol error|disconnected before secure/i;

/** This end of a connection. */
export interface OwnSide {
  readonly isSecure: boolean;
  /** Which certificate it shows when it is asked for one, in words; null: it has none. */
  readonly certificate: string | null;
}

/**
 * @param said by gRPC, about an attempt to connect
 * @returns what that means and what to do about it; `said`, less its date, otherwise
 */
export function connectionFailure(said: string, { isSecure, certificate }: OwnSide): string {
  const text = said.replace(date, '');
  if (certificateAlerts.some((alert) => alert.test(text)))
    return certificate === null ? certificateWanted : refused(text, certificate);
  const cause = causes.find(([pattern]) => pattern.test(text));
  if (cause !== undefined) return text.includes('SSL routines') ? cause[1] : `${cause[1]}; ${text}`;
  if (text !== nothingSaid && !endedEarly.test(text)) return text;
  if (!isSecure) return closedPlain;
  return certificate === null ? closedSecure : closedAfter(certificate);
}

function refused(text: string, certificate: string): string {
  const [, alert] = /alert ([a-z]+(?: [a-z]+)*)/.exec(text) ?? [];
  const word = alert === undefined || alert.startsWith('number') ? '' : ` ("${alert}")`;
  return (
    `the server does not accept the certificate shown to it${word}: it is of ${certificate}; ` +
    'give one of an authority that the server trusts, and its key (--cert and --key)'
  );
}

/** Servers on Node.js say no more: they find fault with a certificate when TLS has begun. */
function closedAfter(certificate: string): string {
  return (
    'the connection was closed; a server of TLS does so when it does not accept the certificate ' +
    `shown to it, which is of ${certificate}: its log says why; give one of an authority that it ` +
    'trusts, and its key (--cert and --key). Or it speaks no TLS (http://)'
  );
}

const notTrusted = 'its certificate is signed by no authority of the trusted CA file';
const ofOurs = "it does not accept this side's certificate";

/** By the codes of Node.js and OpenSSL. */
const meanings: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: notTrusted,
  SELF_SIGNED_CERT_IN_CHAIN: notTrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notTrusted,
  CERT_SIGNATURE_FAILURE: `${notTrusted} (one there has the same name and another key)`,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clocks',
  CERT_REVOKED: 'its certificate was revoked',
  INVALID_PURPOSE: 'its certificate lacks the extended key usage for this end',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it shows no certificate, and one is asked for',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a certificate, and none was shown',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: `${ofOurs}: its authority is not trusted there`,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: ofOurs,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: ofOurs,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: `${ofOurs}: it has expired`,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: `${ofOurs}: its kind or use is not the right one`,
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks no version of TLS that is allowed here',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it allows none of our versions of TLS',
  ERR_SSL_NO_SHARED_CIPHER: 'it has no cipher suite that is allowed here',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it accepts none of our versions or cipher suites',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'it asks for another protocol than is spoken here',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'another protocol is spoken there',
};

/** What a failed handshake means, seen from this side; null: nothing that TLS has a word for. */
export function tlsReason(code: string | undefined): string | null {
  // Alerts that older versions have too: OpenSSL has had two names for them.
  const known = code?.replace('ERR_SSL_SSL/TLS_ALERT_', 'ERR_SSL_SSLV3_ALERT_');
  const meaning = known === undefined ? undefined : meanings[known];
  return meaning === undefined ? null : `${meaning} (${code})`;
}

import { NodeError } from '../node-error.ts';

/** What is allowed beside the suites of TLS 1.3, by the names of IANA and of OpenSSL. */
const olderSuites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
};

const newestSuites = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
];

const allSuites: readonly string[] = [...newestSuites, ...Object.keys(olderSuites)];

/** @returns that one of these may not be asked for; null: all may */
export function unknownCipherSuite(names: readonly string[]): NodeError | null {
  const unknown = names.find((name) => !allSuites.includes(name));
  if (unknown === undefined) return null;
  const fix = `use some of ${allSuites.join(', ')}`;
  const message = `option cipherSuites has ${unknown}, which has no forward secrecy here: ${fix}`;
  return new NodeError('NODE_OPTIONS_INVALID', message, { field: 'cipherSuites', fix });
}

/** As OpenSSL wants them; those of TLS 1.3 are always there unless some of them are named. */
export function cipherList(names: readonly string[] | undefined): string {
  const chosen = names ?? Object.keys(olderSuites);
  const newest = chosen.filter((name) => newestSuites.includes(name));
  const older = chosen.flatMap((name) => olderSuites[name] ?? []);
  return [...(newest.length > 0 ? newest : newestSuites), ...older].join(':');
}

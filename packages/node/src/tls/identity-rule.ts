import type { X509Certificate } from 'node:crypto';
import { commonNameOf, isFor } from './certificate-files.ts';

/** Who of those that the authorities know is let in; without either, all. */
export interface IdentityRule {
  /** Common names; one has to be the certificate's. */
  readonly allowedCommonNames?: readonly string[];
  /** Hosts; the certificate has to be for one of them. */
  readonly allowedHostnames?: readonly string[];
}

/** @returns why this certificate is not let in; null: it is */
export function judgeIdentity(
  rule: IdentityRule,
  certificate: X509Certificate | undefined,
): string | null {
  const { allowedCommonNames: names = [], allowedHostnames: hosts = [] } = rule;
  if (names.length === 0 && hosts.length === 0) return null;
  if (certificate === undefined) return 'it shows no certificate, and only some are allowed';
  const name = commonNameOf(certificate);
  if (names.length > 0 && !names.includes(name)) {
    return `its certificate is of ${JSON.stringify(name)}; allowed: ${names.join(', ')}`;
  }
  if (hosts.length > 0 && !hosts.some((host) => isFor(certificate, host))) {
    const said = certificate.subjectAltName ?? 'no host';
    return `its certificate is for ${said}; allowed: ${hosts.join(', ')}`;
  }
  return null;
}

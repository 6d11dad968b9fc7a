import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { messageOf } from '../cli-error.ts';
import { certificateBlocks } from './certificate-directory.ts';

/** One certificate of a file as `quorate certs show` tells of it; or why it cannot be read. */
export type DescribedCertificate =
  | { readonly file: string; readonly error: string }
  | {
      readonly file: string;
      readonly subject: string;
      readonly issuer: string;
      readonly hosts: readonly string[];
      readonly use: string;
      readonly notBefore: string;
      readonly notAfter: string;
      /** Whole; negative when it is past. */
      readonly daysLeft: number;
      /** Whether the key beside the file fits the file's first certificate; null: no key there. */
      readonly keyFits: boolean | null;
    };

const dayMs = 24 * 60 * 60 * 1000;
const usageNames = new Map([
  ['1.3.6.1.5.5.7.3.1', 'server'],
  ['1.3.6.1.5.5.7.3.2', 'client'],
]);

/** Never throws: a file that cannot be read is described by its error. */
export function describeFile(file: string): DescribedCertificate[] {
  try {
    const blocks = certificateBlocks(readFileSync(file, 'utf8'));
    if (blocks.length === 0) return [{ file, error: 'holds no certificate' }];
    return blocks.map((block, index) => describe(file, new X509Certificate(block), index === 0));
  } catch (error) {
    return [{ file, error: messageOf(error) }];
  }
}

function describe(file: string, certificate: X509Certificate, isFirst: boolean) {
  const { subject, issuer, validFromDate, validToDate, ca } = certificate;
  return {
    file,
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    hosts: hostsOf(certificate),
    use: ca ? 'authority' : usesOf(certificate).join('+') || 'any',
    notBefore: validFromDate.toISOString(),
    notAfter: validToDate.toISOString(),
    daysLeft: Math.floor((validToDate.getTime() - Date.now()) / dayMs),
    keyFits: isFirst ? keyFits(file, certificate) : null,
  };
}

/** `server`, `client`, as far as the certificate says. */
export function usesOf({ keyUsage }: X509Certificate): string[] {
  const usages = (keyUsage as string[] | undefined) ?? [];
  return usages.flatMap((usage) => usageNames.get(usage) ?? []);
}

/** The names and addresses that a certificate is for. */
export function hostsOf({ subjectAltName }: X509Certificate): string[] {
  const entries = subjectAltName?.split(', ') ?? [];
  return entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
}

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}

function keyFits(file: string, certificate: X509Certificate): boolean | null {
  const path = file.replace(/\.(crt|pem|cert)$/, '.key');
  if (path === file || !existsSync(path)) return null;
  try {
    return certificate.checkPrivateKey(createPrivateKey(readFileSync(path)));
  } catch {
    return false;
  }
}

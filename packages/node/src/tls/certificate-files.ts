import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { NodeError } from '../node-error.ts';

/** Paths of PEM files. */
export interface CertificateFiles {
  /** The certificate, followed by those between it and its authority. */
  readonly certFile: string;
  /** The certificate's key, without a passphrase. */
  readonly keyFile: string;
  /**
   * The authorities whose certificates are accepted; several may follow each other. With it the
   * other side has to show a certificate.
   */
  readonly trustedCaFile?: string;
}

/** What the files hold, as text; `ca` is null without a file for it. */
export interface CertificateTexts {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | null;
}

/** What a certificate is shown for: by a server alone, or by both ends of a link. */
export type CertificateUse = 'server' | 'serverAndClient';

const blockPattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Extended key usages, by object identifier (RFC 5280, 4.2.1.12). */
const serverUsage = { oid: '1.3.6.1.5.5.7.3.1', name: 'serverAuth' };
const clientUsage = { oid: '1.3.6.1.5.5.7.3.2', name: 'clientAuth' };
const anyUsage = '2.5.29.37.0';

/** @returns that certificates cannot be used */
export function tlsInvalid(file: string, problem: string, cause?: unknown): NodeError {
  const message = `TLS: ${file} ${problem}`;
  return new NodeError('NODE_TLS_INVALID', message, { file }, { cause });
}

function certificatesOf(file: string, text: string): X509Certificate[] {
  const blocks = text.match(blockPattern) ?? [];
  if (blocks.length === 0) throw tlsInvalid(file, 'holds no certificate: give a PEM file of some');
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw tlsInvalid(file, 'holds a damaged certificate: write the file anew', error);
  }
}

function keyOf(file: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const isEncrypted = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
    const problem = isEncrypted
      ? 'has a passphrase: give the key without one, readable by this user alone'
      : 'holds no private key: give a PEM file of one';
    throw tlsInvalid(file, problem, error);
  }
}

function checkDates(file: string, certificate: X509Certificate, nowMs: number): void {
  if (nowMs >= certificate.validToDate.getTime()) {
    const since = certificate.validToDate.toISOString();
    throw tlsInvalid(file, `has expired (${since}): issue a new certificate and put it there`);
  }
  if (nowMs < certificate.validFromDate.getTime()) {
    const from = certificate.validFromDate.toISOString();
    throw tlsInvalid(file, `is not valid before ${from}: check this machine's clock`);
  }
}

function checkUse(file: string, leaf: X509Certificate, use: CertificateUse): void {
  // Without the extension a certificate is for everything. Its type says string[] | undefined.
  const usages = leaf.keyUsage as string[] | undefined;
  if (usages === undefined || usages.includes(anyUsage)) return;
  const wanted = use === 'server' ? [serverUsage] : [serverUsage, clientUsage];
  const missing = wanted.filter(({ oid }) => !usages.includes(oid)).map(({ name }) => name);
  if (missing.length === 0) return;
  const both = use === 'server' ? '' : '; between nodes each end shows its certificate';
  throw tlsInvalid(
    file,
    `lacks the extended key usage ${missing.join(' and ')}${both}: issue it with that`,
  );
}

/**
 * Checks what the files hold as far as it can be checked alone.
 *
 * @returns the certificate that the other side is shown
 * @throws NodeError NODE_TLS_INVALID
 */
export function checkCertificates(
  files: CertificateFiles,
  texts: CertificateTexts,
  use: CertificateUse,
  nowMs: number,
): X509Certificate {
  const { certFile, keyFile, trustedCaFile } = files;
  const [leaf] = certificatesOf(certFile, texts.cert) as [X509Certificate];
  const key = keyOf(keyFile, texts.key);
  if (!leaf.checkPrivateKey(key)) {
    throw tlsInvalid(
      keyFile,
      `is not the key of the certificate in ${certFile}: give the one it was issued with`,
    );
  }
  checkDates(certFile, leaf, nowMs);
  checkUse(certFile, leaf, use);
  if (trustedCaFile === undefined || texts.ca === null) return leaf;
  const authorities = certificatesOf(trustedCaFile, texts.ca);
  const current = authorities.filter(({ validToDate }) => nowMs < validToDate.getTime());
  const [first] = authorities as [X509Certificate];
  if (current.length === 0) checkDates(trustedCaFile, first, nowMs);
  if (!authorities.some(({ ca }) => ca)) {
    throw tlsInvalid(trustedCaFile, 'holds no authority: give the certificate of the CA itself');
  }
  return leaf;
}

/** @returns whether a certificate says that it is for a host; its common name does not count */
export function isFor(certificate: X509Certificate, host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined;
  return certificate.checkHost(name, { subject: 'never' }) !== undefined;
}

/** @returns the common name of a certificate's subject, '' without just one */
export function commonNameOf(certificate: X509Certificate): string {
  const { CN } = certificate.toLegacyObject().subject as { CN?: string | string[] };
  return typeof CN === 'string' ? CN : '';
}

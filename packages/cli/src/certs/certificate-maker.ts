// The library finds its own classes by the metadata that this adds: it has to come first.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM texts. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is made for. A node shows it to clients and to other nodes. */
export interface LeafRequest {
  readonly commonName: string;
  /** Names and addresses by which it is reached; none for a client. */
  readonly hosts: readonly string[];
  readonly use: 'node' | 'client';
  readonly days: number;
}

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const dayMs = 24 * 60 * 60 * 1000;
/** For clocks that are a little behind. */
const leewayMs = 10 * 60 * 1000;

type KeyPair = webcrypto.CryptoKeyPair;

function makeKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']) as Promise<KeyPair>;
}

async function keyPem({ privateKey }: KeyPair): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

function readKey(pem: string): Promise<webcrypto.CryptoKey> {
  const body = pem.replaceAll(/-----[^-]+-----|\s/g, '');
  const bytes = Buffer.from(body, 'base64');
  return webcrypto.subtle.importKey('pkcs8', bytes, keyAlgorithm, false, ['sign']);
}

/** Positive, and long enough that no two are alike (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function datesFrom(days: number, endMs = Number.POSITIVE_INFINITY) {
  const nowMs = Date.now();
  const notAfter = new Date(Math.min(nowMs + days * dayMs, endMs));
  return { notBefore: new Date(nowMs - leewayMs), notAfter };
}

function nameOf(commonName: string) {
  return [{ CN: [commonName] }];
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/** A certificate authority of one's own: its certificate is signed with its own key. */
export async function makeAuthority(commonName: string, days: number): Promise<KeyedCertificate> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: nameOf(commonName),
    ...datesFrom(days),
    signingAlgorithm,
    keys,
    extensions: [
      // It signs leaves and no further authorities.
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pemOf(certificate), key: await keyPem(keys) };
}

/** Valid at most as long as its authority. */
export async function issueLeaf(
  authority: KeyedCertificate,
  request: LeafRequest,
): Promise<KeyedCertificate> {
  const issuer = new X509Certificate(authority.cert);
  const keys = await makeKeys();
  const { hosts, use } = request;
  const usages =
    use === 'client'
      ? [ExtendedKeyUsage.clientAuth]
      : [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth];
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usages),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ];
  if (hosts.length > 0) {
    const names = hosts.map((host) => {
      return { type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host };
    });
    extensions.push(new SubjectAlternativeNameExtension(names));
  }
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(request.commonName),
    issuer: issuer.subjectName.toJSON(),
    ...datesFrom(request.days, issuer.notAfter.getTime()),
    signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey: await readKey(authority.key),
    extensions,
  });
  return { cert: pemOf(certificate), key: await keyPem(keys) };
}

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import Table from 'cli-table3';
import colours from 'picocolors';
import {
  authorityName,
  CertificateDirectory,
  certificateBlocks,
  refused,
} from '../certs/certificate-directory.ts';
import {
  type DescribedCertificate,
  describeFile,
  hostsOf,
  usesOf,
} from '../certs/describe-certificate.ts';
import { CliError } from '../cli-error.ts';
import type { Output } from '../output.ts';

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}$/;
const hostPattern = /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;
const dayMs = 24 * 60 * 60 * 1000;

export interface InitFlags {
  readonly directory: string;
  readonly commonName: string;
  readonly days: number;
  readonly isForced: boolean;
}

/** Makes an authority. @throws CliError CLI_CERTS_REFUSED */
export async function initCerts(flags: InitFlags, output: Output): Promise<number> {
  const { makeAuthority } = await import('../certs/certificate-maker.ts');
  const directory = new CertificateDirectory(flags.directory);
  if (!flags.isForced) directory.assertFree(authorityName);
  directory.write(authorityName, await makeAuthority(flags.commonName, flags.days));
  report(directory, [authorityName], output);
  return 0;
}

export interface LeafFlags {
  readonly directory: string;
  /** Comma-separated. */
  readonly hosts: string;
  readonly days: number;
  readonly isForced: boolean;
}

/**
 * Issues a certificate for each of some nodes, or clients.
 *
 * @throws CliError CLI_CERTS_REFUSED, CLI_USAGE
 */
export async function issueCert(
  names: readonly string[],
  use: 'node' | 'client',
  flags: LeafFlags,
  output: Output,
): Promise<number> {
  for (const name of names) checkName(name);
  const hosts = use === 'client' ? [] : parseHosts(flags.hosts);
  const { issueLeaf } = await import('../certs/certificate-maker.ts');
  const directory = new CertificateDirectory(flags.directory);
  const authority = directory.authority();
  if (!flags.isForced) for (const name of names) directory.assertFree(name);
  for (const name of names) {
    const request = { commonName: name, hosts, use, days: flags.days };
    directory.write(name, await issueLeaf(authority, request));
  }
  report(directory, names, output);
  return 0;
}

export interface RotateFlags {
  readonly directory: string;
  /** None: every leaf of the directory. */
  readonly names: readonly string[];
  /** Undefined: as long as each was valid before. */
  readonly days: number | undefined;
  readonly step: 'leaves' | 'newAuthority' | 'dropOldAuthorities';
}

/** Replaces leaves, or the authority in three steps. @throws CliError CLI_CERTS_REFUSED */
export async function rotateCerts(flags: RotateFlags, output: Output): Promise<number> {
  const directory = new CertificateDirectory(flags.directory);
  if (flags.step === 'newAuthority') return rotateAuthority(directory, flags.days, output);
  if (flags.step === 'dropOldAuthorities') return dropOldAuthorities(directory, output);
  const authority = directory.authority();
  const known = certificateBlocks(authority.bundle).map((block) => new X509Certificate(block));
  const names = flags.names.length > 0 ? flags.names : directory.leafNames();
  for (const name of names) checkName(name);
  // All are looked at before the first is replaced.
  const requests = names.map((name) => {
    const leaf = directory.leaf(name);
    if (!known.some((one) => leaf.verify(one.publicKey))) {
      throw refused(directory.certPath(name), 'is of another authority; it is not replaced here');
    }
    const { validFromDate, validToDate } = leaf;
    const days = Math.max(1, Math.round((validToDate.getTime() - validFromDate.getTime()) / dayMs));
    const { CN } = leaf.toLegacyObject().subject as { CN?: string };
    const use = usesOf(leaf).includes('server') ? ('node' as const) : ('client' as const);
    const commonName = CN ?? name;
    return { name, request: { commonName, hosts: hostsOf(leaf), use, days: flags.days ?? days } };
  });
  const { issueLeaf } = await import('../certs/certificate-maker.ts');
  for (const { name, request } of requests) {
    directory.write(name, await issueLeaf(authority, request));
  }
  report(directory, names, output);
  return 0;
}

async function rotateAuthority(
  directory: CertificateDirectory,
  days: number | undefined,
  output: Output,
): Promise<number> {
  const { bundle, cert } = directory.authority();
  if (certificateBlocks(bundle).length > 1) {
    throw refused(
      directory.certPath(authorityName),
      'already has an old authority beside the new one; finish that with ' +
        'quorate certs rotate, then quorate certs rotate --drop-old-ca',
    );
  }
  const { validFromDate, validToDate, subject } = new X509Certificate(cert);
  const lengthDays = Math.round((validToDate.getTime() - validFromDate.getTime()) / dayMs);
  const commonName = (subject ?? 'Quorate CA').replace(/^CN=/, '').replace(/ \(\d+\)$/, '');
  const { makeAuthority } = await import('../certs/certificate-maker.ts');
  // Another name than the old one's: some programs look an issuer up by its name alone.
  const name = `${commonName} (${Math.floor(Date.now() / 1000)})`;
  const authority = await makeAuthority(name, days ?? lengthDays);
  directory.write(authorityName, { cert: authority.cert + bundle, key: authority.key });
  report(directory, [authorityName], output);
  if (!output.isJson) {
    output.line(
      'give the new ca.crt, with both authorities, to every node and client; ' +
        'then run quorate certs rotate',
    );
  }
  return 0;
}

function dropOldAuthorities(directory: CertificateDirectory, output: Output): number {
  const { cert } = directory.authority();
  const { publicKey } = new X509Certificate(cert);
  for (const name of directory.leafNames()) {
    if (directory.leaf(name).verify(publicKey)) continue;
    throw refused(
      directory.certPath(name),
      'is not of the new authority; replace it with quorate certs rotate, or move it away',
    );
  }
  directory.writeBundle(cert);
  report(directory, [authorityName], output);
  return 0;
}

export interface ShowFlags {
  readonly directory: string;
  /** None: all of the directory. */
  readonly files: readonly string[];
}

/** Tells of certificates; what cannot be read is told of as well. */
export function showCerts(flags: ShowFlags, output: Output): number {
  const directory = new CertificateDirectory(flags.directory);
  const all = (): string[] => [authorityName, ...directory.leafNames()];
  const files = flags.files.length > 0 ? flags.files : all().map((n) => directory.certPath(n));
  const described = files.flatMap((file) => describeFile(file));
  if (output.isJson) for (const one of described) output.json(one);
  else output.line(renderTable(described));
  return 0;
}

function report(directory: CertificateDirectory, names: readonly string[], output: Output): void {
  for (const name of names) {
    const cert = directory.certPath(name);
    const key = directory.keyPath(name);
    const notAfter = new X509Certificate(directory.leaf(name).raw).validToDate.toISOString();
    if (output.isJson) output.json({ name, cert, key, notAfter });
    else output.line(`${cert} (valid until ${notAfter.slice(0, 10)}), key ${key}`);
  }
}

function renderTable(described: readonly DescribedCertificate[]): string {
  const table = new Table({
    head: ['file', 'subject', 'use', 'hosts', 'issuer', 'days left', 'key'],
    style: { head: [], border: [], compact: true },
  });
  for (const one of described) {
    if ('error' in one) {
      table.push([one.file, { colSpan: 6, content: colours.red(one.error) }]);
      continue;
    }
    const { daysLeft, keyFits } = one;
    const days = daysLeft < 0 ? colours.red(`${daysLeft} (expired)`) : String(daysLeft);
    const key = keyFits === null ? '' : keyFits ? 'fits' : colours.red('does not fit');
    table.push([one.file, one.subject, one.use, one.hosts.join('\n'), one.issuer, days, key]);
  }
  return table.toString();
}

function checkName(name: string): void {
  if (name === authorityName) {
    throw usage(`NAME ${authorityName} is the authority's own; choose another`);
  }
  if (namePattern.test(name)) return;
  throw usage(
    `NAME ${JSON.stringify(name)} cannot be used; give at most 64 letters, digits, '.', '_', '@' ` +
      "or '-', and none of the last three first",
  );
}

function parseHosts(text: string): string[] {
  const hosts = text.split(',').map((host) => host.trim().replace(/^\[(.*)\]$/, '$1'));
  for (const host of hosts) {
    if (isIP(host) !== 0) continue;
    if (!hostPattern.test(host) || /^[0-9.]+$/.test(host)) {
      throw usage(`--host: ${JSON.stringify(host)} is no host; give names and IP addresses`);
    }
  }
  return [...new Set(hosts)];
}

function usage(message: string): CliError {
  return new CliError('CLI_USAGE', message, {});
}

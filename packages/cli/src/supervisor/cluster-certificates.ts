import { authorityName, CertificateDirectory } from '../certs/certificate-directory.ts';
import { certificatesPath } from './plan.ts';

/** The client whose certificate is made with those of the nodes; where users count it is root. */
export const clientName = 'root';

const hosts = ['localhost', '127.0.0.1', '::1'];
const authorityDays = 3650;
const leafDays = 365;
const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;

/**
 * Makes what is missing of a local cluster's certificates, and replaces those that expire soon.
 *
 * @param nowMs Unix time
 * @returns the names of those that were made
 * @throws CliError CLI_CERTS_REFUSED
 */
export async function ensureCertificates(
  directory: string,
  nodes: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const certificates = new CertificateDirectory(certificatesPath(directory));
  const isGood = (name: string): boolean =>
    certificates.has(name) && certificates.leaf(name).validToDate.getTime() - nowMs > renewBeforeMs;
  const leaves = [...nodes, clientName];
  const isAuthorityGood = isGood(authorityName);
  const missing = isAuthorityGood ? leaves.filter((name) => !isGood(name)) : leaves;
  if (missing.length === 0) return [];
  // Only now: it takes longer to load than everything else here to run.
  const { issueLeaf, makeAuthority } = await import('../certs/certificate-maker.ts');
  if (!isAuthorityGood) {
    certificates.write(authorityName, await makeAuthority('Quorate local CA', authorityDays));
  }
  const authority = certificates.authority();
  for (const name of missing) {
    const isClient = name === clientName;
    certificates.write(
      name,
      await issueLeaf(authority, {
        commonName: name,
        hosts: isClient ? [] : hosts,
        use: isClient ? 'client' : 'node',
        days: leafDays,
      }),
    );
  }
  return isAuthorityGood ? missing : [authorityName, ...missing];
}

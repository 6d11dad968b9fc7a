import { X509Certificate } from 'node:crypto';

/** What a certificate that says for what it is has to name to be a client's. */
const clientUse = '1.3.6.1.5.5.7.3.2';

/**
 * @param pem the first certificate counts
 * @returns whose it is and who signed it, and what each server must have against it
 */
export function describeCertificate(pem: string | Uint8Array, nowMs: number): string {
  const { subject, issuer, validFromDate, validToDate, keyUsage } = new X509Certificate(pem);
  const signer = subject === issuer ? 'itself' : nameText(issuer);
  const faults = [
    ...(nowMs < validFromDate.getTime() ? [`is not valid before ${dateText(validFromDate)}`] : []),
    ...(nowMs > validToDate.getTime() ? [`has expired on ${dateText(validToDate)}`] : []),
    ...(keyUsage?.includes(clientUse) === false ? ['is none for clients'] : []),
  ];
  const text = `${nameText(subject)}, signed by ${signer}`;
  return faults.length === 0 ? text : `${text}, which ${faults.join(', and ')}`;
}

function nameText(name: string): string {
  return name.split('\n').join(', ');
}

function dateText(date: Date): string {
  return date.toISOString().slice(0, 10);
}

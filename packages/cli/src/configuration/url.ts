import { isIPv4, isIPv6 } from 'node:net';
import { type Address, formatAddress } from '@quorate/base';

/** `http://host:port` or `https://host:port`, taken apart; `text` is the canonical spelling. */
export interface HttpUrl extends Address {
  readonly isSecure: boolean;
  readonly text: string;
}

const shape = /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^/:@?#\s[\]]+)(?::(\d{1,5}))?\/?$/i;
const hostLabel = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** @returns what is wrong and the fix, as text, when `input` is no URL of that shape */
export function parseHttpUrl(input: string): HttpUrl | string {
  const quoted = JSON.stringify(input);
  const match = shape.exec(input);
  const [, scheme, bracketed, portText] = match ?? [];
  if (scheme === undefined || bracketed === undefined) {
    return `${quoted} is not a URL of the form http://host:port; write it so, without a path`;
  }
  const isSecure = scheme.toLowerCase() === 'https';
  if (!isSecure && scheme.toLowerCase() !== 'http') {
    return `${quoted} has the scheme ${scheme}; use http://host:port, or https:// for TLS`;
  }
  if (portText === undefined) return `${quoted} has no port; write http://host:port`;
  const port = Number(portText);
  if (port < 1 || port > 65_535) {
    return `${quoted} has port ${port}; give one from 1 to 65535`;
  }
  const host = bracketed.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const isIpv6 = host !== bracketed.toLowerCase();
  const isGood = isIpv6 ? isIPv6(host) : isIPv4(host) || isHostName(host);
  if (!isGood) return `${quoted} has no valid host; give a name, an IPv4 address or [IPv6]`;
  const text = `${isSecure ? 'https' : 'http'}://${formatAddress({ host, port })}`;
  return { host, port, isSecure, text };
}

/** Such an address can be listened on, but nobody can connect to it from elsewhere. */
export function isWildcard(url: HttpUrl): boolean {
  return url.host === '0.0.0.0' || /^[0:]+$/.test(url.host);
}

/** Digits and dots alone would be an IPv4 address, and were one if it were valid. */
function isHostName(host: string): boolean {
  if (host.length > 253 || /^[0-9.]+$/.test(host)) return false;
  return host.split('.').every((label) => hostLabel.test(label));
}

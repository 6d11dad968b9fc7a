import { parseAddress } from '@quorate/base';

/** More than any member has; they are told to everyone who asks. */
const maxUrls = 16;
const maxUrlLength = 255;

const shape = /^(https?):\/\/(\[[^\]]*\]|[^/:@?#\s[\]]+):(\d{1,5})$/i;

/**
 * @param urls as a client gave them
 * @returns them in order, each once, for that is how they are told; null when one is none
 */
export function parsePeerUrls(urls: readonly string[]): readonly string[] | null {
  const texts = urls.map((url) => url.trim());
  if (texts.length === 0 || texts.length > maxUrls) return null;
  if (texts.some((text) => addressOfUrl(text) === '')) return null;
  return [...new Set(texts)].sort();
}

/** @returns 'host:port'; empty when nobody can connect to it */
export function addressOfUrl(url: string): string {
  const [, , host, port] = url.length > maxUrlLength ? [] : (shape.exec(url) ?? []);
  if (host === undefined || port === undefined || Number(port) === 0) return '';
  const address = `${host.toLowerCase()}:${Number(port)}`;
  return parseAddress(address) === null ? '' : address;
}

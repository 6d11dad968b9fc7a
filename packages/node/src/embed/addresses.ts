import { type Address, parseAddress } from '@quorate/base';
import { NodeError } from '../node-error.ts';
import type { AddressLike } from './node.ts';

/**
 * @param field the path of the option, for the error
 * @throws NodeError NODE_OPTIONS_INVALID
 */
export function addressOf(field: string, given: AddressLike, lowestPort: number): Address {
  const parsed = typeof given === 'string' ? parseListenAddress(given) : given;
  const { host, port } = parsed ?? {};
  const isPort = Number.isInteger(port) && Number(port) >= lowestPort && Number(port) <= 65_535;
  if (typeof host === 'string' && host !== '' && isPort) return { host, port: Number(port) };
  const fix = `give 'host:port' with a port from ${lowestPort} to 65535, such as '127.0.0.1:7001'`;
  const shown = typeof given === 'string' ? `'${given}'` : JSON.stringify(given);
  throw new NodeError('NODE_OPTIONS_INVALID', `option ${field} is ${shown}: ${fix}`, {
    field,
    fix,
  });
}

/** Port 0 asks for any free one, which is no address of anything. */
function parseListenAddress(text: string): Address | null {
  const [, host] = /^(.+):0$/.exec(text) ?? [];
  if (host === undefined) return parseAddress(text);
  const any = parseAddress(`${host}:1`);
  return any === null ? null : { host: any.host, port: 0 };
}

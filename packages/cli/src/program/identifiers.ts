import { InvalidArgumentError } from 'commander';

const most = 2n ** 64n;

/** A parser of what is an id: hexadecimal, as all commands print them. */
export function hexadecimalId(text: string): bigint {
  if (/^[0-9a-fA-F]{1,16}$/.test(text)) return BigInt.asIntN(64, BigInt(`0x${text}`) % most);
  throw new InvalidArgumentError('Give an id in hexadecimal, as it is printed.');
}

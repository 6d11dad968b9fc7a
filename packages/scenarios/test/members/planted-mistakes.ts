import type { Canary } from '../../src/canaries/canary.ts';

/** In changes of members through the service. Each must be caught by a few seeds. */
export const plantedMistakes: readonly (Canary & { readonly as: RegExp })[] = [
  {
    name: 'nobody-clears-up',
    why: 'what a node leaves that dies between two steps stays for good',
    as: /no half lines/,
    file: 'server/src/core/membership/member-keeper.ts',
    find: 'if (nowMs >= sinceMs + graceMs) return id;',
    replace: 'if (nowMs < sinceMs) return id;',
  },
];

export function mistakeNamed(name: string | undefined): Canary & { readonly as: RegExp } {
  const found = plantedMistakes.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no mistake ${name}`);
  return found;
}

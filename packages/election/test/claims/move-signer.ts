import { readFileSync, writeFileSync } from 'node:fs';
import { RuntimeError } from '@quorate/runtime';
import type { ElectionClaims } from '../../src/index.ts';

/** On every signer at its start, before it campaigns: an import may be repeated. */
export async function moveHere(
  claims: ElectionClaims,
  file: string,
  genesisValidatorsRoot: string,
) {
  for (;;) {
    try {
      return await claims.importInterchange(readFileSync(file, 'utf8'), { genesisValidatorsRoot });
    } catch (error) {
      // The other signers are not there yet.
      if (!(error instanceof RuntimeError)) throw error;
    }
  }
}

/** On one signer, after all have stopped to sign, for good. */
export async function moveAway(
  claims: ElectionClaims,
  file: string,
  genesisValidatorsRoot: string,
) {
  writeFileSync(file, await claims.exportInterchange({ genesisValidatorsRoot }));
}

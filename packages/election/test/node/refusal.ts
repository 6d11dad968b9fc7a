import assert from 'node:assert/strict';
import { ElectionError } from '../../src/index.ts';

/** What was asked for was refused for this field, and says what to give. */
export async function refusal(
  asked: Promise<unknown>,
  field: string,
  problem: RegExp,
): Promise<void> {
  await assert.rejects(asked, (error: unknown) => {
    assert.ok(error instanceof ElectionError, String(error));
    assert.equal(error.code, 'ELECTION_OPTIONS_INVALID', error.message);
    assert.deepEqual(error.metadata, { field });
    assert.match(error.message, problem);
    return true;
  });
}

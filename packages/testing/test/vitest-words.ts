// The words of vitest that the guide uses, said by node:test, so that its examples can be run.
import assert from 'node:assert/strict';

export { after as afterAll, afterEach, before as beforeAll, test } from 'node:test';

export function expect(value: unknown) {
  return { toBe: (wanted: unknown): void => assert.equal(value, wanted) };
}

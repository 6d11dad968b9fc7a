import assert from 'node:assert/strict';
import { ElectionError } from '../../../src/core/index.ts';
import { FakeGroup } from './fake-group.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Node 1 is a candidate and leads the group in term 1, with token 1. */
export function elected(): FakeGroup {
  const group = new FakeGroup();
  group.elector.campaign(bytes('one'));
  group.lead(1);
  group.run(2);
  assert.deepEqual(group.told, ['elected 1']);
  return group;
}

/** Tells errors by their code. */
export function has(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ElectionError && error.code === code;
}

import { suite, test } from 'node:test';
import { type LogStorePlace, logStoreCases } from '@quorate/storage/conformance';

/** The cases of the log store's contract as tests. @param factory gives a new place each time */
export function logStoreSuite(name: string, factory: () => LogStorePlace): void {
  suite(`the log store contract: ${name}`, () => {
    for (const { name: title, run } of logStoreCases(factory)) test(title, run);
  });
}

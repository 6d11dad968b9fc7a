import type { WatchEvent } from '@quorate/client';
import type { Output } from '../output.ts';
import { stopRequested } from '../stop-signal.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';
import { keyRange, type RangeFlags } from './key-range.ts';
import { bytesToJson, keyValueToJson, writeBytes, writeKeyValue } from './key-text.ts';

export interface WatchFlags extends ClientFlags, RangeFlags {
  readonly revision: number | undefined;
  readonly isWithPrevious: boolean;
}

/** Prints changes until it is told to stop. */
export async function watch(key: string, flags: WatchFlags, output: Output): Promise<number> {
  const range = keyRange(key, flags);
  const stop = stopRequested(false, () => process.exit(1));
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const events = client.watch(range, {
      prevKv: flags.isWithPrevious,
      ...(flags.revision === undefined ? {} : { fromRevision: flags.revision }),
    });
    void stop.then(() => events.return());
    for await (const event of events) {
      if (output.isJson) output.json(eventToJson(event));
      else print(event);
    }
    return 0;
  });
}

function print(event: WatchEvent): void {
  process.stdout.write(event.type === 'put' ? 'PUT\n' : 'DELETE\n');
  writeKeyValue(event.previous);
  writeBytes(event.key);
  if (event.type === 'put') writeBytes(event.value);
}

function eventToJson(event: WatchEvent) {
  const { type, key, revision, previous } = event;
  return {
    type,
    revision,
    key: bytesToJson(key),
    ...(event.type === 'put' ? { keyValue: keyValueToJson(event.keyValue) } : {}),
    ...(previous === null ? {} : { previous: keyValueToJson(previous) }),
  };
}

import type { DurabilityClass, LogIndex } from '@quorate/schema';
import { invalidOption } from './option-error.ts';

/** As many as a configuration may have nodes: what the codec of the peers' messages takes. */
const maxCount = 1024;

/**
 * A class that peers could not be told would only be found out once its command is committed.
 *
 * @throws OptionError RUNTIME_OPTIONS_INVALID
 */
export function checkDurability(durability: DurabilityClass): void {
  if (typeof durability !== 'object' || durability === null) {
    throw invalidOption('durability', durability, 'give { depth, domains }');
  }
  for (const field of ['depth', 'domains'] as const) {
    const count = durability[field];
    if (Number.isSafeInteger(count) && count >= 1 && count <= maxCount) continue;
    const fix = `give a whole number from 1 to ${maxCount}`;
    throw invalidOption(`durability.${field}`, count, fix);
  }
}

/** @throws OptionError RUNTIME_OPTIONS_INVALID */
export function checkRead(maxStalenessMs: number, minIndex: LogIndex): void {
  // So that what is no number at all is refused as well.
  if (!(maxStalenessMs >= 0)) {
    throw invalidOption('maxStalenessMs', maxStalenessMs, 'give a number of milliseconds from 0');
  }
  if (!Number.isSafeInteger(minIndex) || minIndex < 0) {
    throw invalidOption('minIndex', minIndex, 'give the index of a log, such as a proposal had');
  }
}

import { groupIdOf } from '../ids.ts';

/**
 * The names of the groups, for good: their ids are made of them. The count is in each, so that a
 * log that was written with another count has groups that nobody knows. Names have a variant
 * because the ids of thousands may collide; the first variant in which they do not is taken.
 */
export function shardNames(count: number): readonly string[] {
  for (let variant = 0; ; variant++) {
    const suffix = variant === 0 ? '' : `-variant-${variant}`;
    const names = Array.from(
      { length: count },
      (_, shard) => `shard-${shard}-of-${count}${suffix}`,
    );
    if (new Set(names.map(groupIdOf)).size === count) return names;
  }
}

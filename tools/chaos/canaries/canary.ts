export const canaryNames = [
  'stale-read',
  'lost-write',
  'phantom-write',
  'lost-event',
  'double-event',
  'wrong-previous',
  'early-expiry',
  'double-lock',
] as const;

export type CanaryName = (typeof canaryNames)[number];

export function isCanaryName(name: string): name is CanaryName {
  return canaryNames.some((each) => each === name);
}

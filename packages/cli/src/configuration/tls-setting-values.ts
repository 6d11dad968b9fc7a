const mostNames = 64;

/** A switch as etcd's flags have them. */
export function parseSwitch(text: string): { value: boolean } | string {
  if (text === 'true' || text === '1') return { value: true };
  if (text === 'false' || text === '0') return { value: false };
  return `${JSON.stringify(text)} is neither true nor false; give one of them`;
}

/** Names, comma-separated. */
export function parseNames(text: string): { value: readonly string[] } | string {
  const value = text.split(',').map((part) => part.trim());
  const isGood = value.every((name) => name !== '' && name.length <= 253 && !/\p{Cc}/u.test(name));
  if (isGood && value.length <= mostNames) return { value };
  return `it is no list of names; give 1 to ${mostNames}, comma-separated`;
}

/** @returns what all members of a cluster of that release agree on: `3.6.0` for `3.6.14` */
export function clusterVersionOf(release: string): string {
  const [major = '0', minor = '0'] = release.split('.');
  return `${major}.${minor}.0`;
}

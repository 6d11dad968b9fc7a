/** What the project's tests and its types were tried with. */
export const toolVersions = { '@types/node': '24.19.2', typescript: '7.0.2' };

/**
 * The package.json of a new project.
 *
 * @param version of the packages of Quorate: that of this command
 */
export function projectManifest(name: string, version: string): string {
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: { start: 'node start.ts', test: 'node --test', types: 'tsc' },
    engines: { node: '>=22.18' },
    dependencies: { '@quorate/node': version, '@quorate/runtime': version },
    devDependencies: { '@quorate/sim': version, ...toolVersions },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** A name that npm takes, made from a folder's. */
export function projectName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '')
    .slice(0, 100);
  return name === '' ? 'replicated-service' : name;
}

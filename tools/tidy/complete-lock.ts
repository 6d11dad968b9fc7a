/** As much of package-lock.json as is needed to see which optional packages it leaves out. */
export interface Lock {
  packages: Record<string, LockEntry>;
}

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface MissingPackage {
  readonly name: string;
  readonly version: string;
  /** Whether only tools need what wants it. */
  readonly dev: boolean;
}

/**
 * Optional packages that the lock's own packages name and the lock does not hold.
 *
 * A registry that holds nothing for other platforms makes npm leave those packages out of the lock
 * it writes, and then `npm ci` refuses that lock.
 */
export function missingOptional(lock: Lock): readonly MissingPackage[] {
  const missing = new Map<string, MissingPackage>();
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (lock.packages[`node_modules/${name}`] !== undefined) continue;
      if (lock.packages[`${path}/node_modules/${name}`] !== undefined) continue;
      missing.set(name, { name, version, dev: entry.dev === true });
    }
  }
  return [...missing.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * The lock with an entry for each missing package, so that `npm ci` passes it over elsewhere and
 * finds it where it is for. Platform and processor are read from the name, as all of them have it.
 *
 * @throws Error naming a package whose name does not say what it is for
 */
export function completeLock(lock: Lock): Lock {
  const packages: Record<string, object> = { ...lock.packages };
  for (const { name, version, dev } of missingOptional(lock)) {
    const parts = name.split(/[/-]/);
    const os = systems.find((system) => parts.includes(system));
    const cpu = processors.find((processor) => parts.includes(processor));
    if (os === undefined || cpu === undefined) {
      throw new Error(`${name} does not say which platform it is for; add it to the lock by hand`);
    }
    const libc = parts.some((part) => part.startsWith('musl')) ? { libc: ['musl'] } : {};
    const entry = {
      version,
      cpu: [cpu],
      ...(dev ? { dev } : {}),
      ...libc,
      optional: true,
      os: [os],
    };
    packages[`node_modules/${name}`] = entry;
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...lock, packages: Object.fromEntries(sorted) as Lock['packages'] };
}

import { FileSystemError, type Prng } from '@quorate/base';
import type { VirtualContent } from './virtual-content.ts';

/** A file's content, or null for a directory. */
type Node = VirtualContent | null;

interface NameChange {
  readonly removed: string | null;
  readonly added: string | null;
  readonly node: Node;
}

const surelyNormal = /^[^/.][^/]*(?:\/[^/.][^/]*)*$/;

/** The root is `.`; `a/./b`, `./a` and `a/` are what one expects. */
export function normalPath(path: string): string {
  if (surelyNormal.test(path)) return path;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.length === 0 ? '.' : parts.join('/');
}

function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

function apply(names: Map<string, Node>, change: NameChange): void {
  if (change.removed !== null) names.delete(change.removed);
  if (change.added !== null) names.set(change.added, change.node);
}

/** The directories' entries: as they are seen, and as they are after a loss of power. */
export class VirtualNames {
  #seen = new Map<string, Node>([['.', null]]);
  #durable = new Map<string, Node>([['.', null]]);
  #unsynced: NameChange[] = [];

  /** @throws FileSystemError notFound */
  file(path: string): VirtualContent {
    const node = this.#seen.get(path);
    if (!node) throw new FileSystemError('notFound', path, `${path}: no such file`);
    return node;
  }

  has(path: string): boolean {
    return this.#seen.has(path);
  }

  /** @returns null when there is no such file */
  content(path: string): VirtualContent | null {
    return this.#seen.get(path) ?? null;
  }

  /** With their paths, sorted by code unit. */
  files(): [string, VirtualContent][] {
    const files: [string, VirtualContent][] = [];
    for (const [path, node] of this.#seen) if (node !== null) files.push([path, node]);
    return files.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  contents(): VirtualContent[] {
    return [...this.#seen.values()].filter((node) => node !== null);
  }

  /** Names in the directory, sorted by code unit. */
  list(path: string): string[] {
    this.#directory(path);
    const prefix = path === '.' ? '' : `${path}/`;
    const names: string[] = [];
    for (const name of this.#seen.keys()) {
      if (name !== '.' && name.startsWith(prefix) && !name.slice(prefix.length).includes('/')) {
        names.push(name.slice(prefix.length));
      }
    }
    return names.sort();
  }

  makeDirectory(path: string): void {
    const parts = path === '.' ? [] : path.split('/');
    for (let depth = 1; depth <= parts.length; depth++) {
      const directory = parts.slice(0, depth).join('/');
      if (!this.#seen.has(directory)) this.#change(null, directory, null);
    }
  }

  add(path: string, content: VirtualContent): void {
    this.#directory(parentPath(path));
    this.#change(null, path, content);
  }

  /** As truncating an existing file does: the name stays, durable or not as it was. */
  replace(path: string, content: VirtualContent): void {
    const before = this.file(path);
    for (const names of [this.#seen, this.#durable]) {
      if (names.get(path) === before) names.set(path, content);
    }
    this.#unsynced = this.#unsynced.map((change) =>
      change.node === before ? { ...change, node: content } : change,
    );
  }

  rename(from: string, to: string): void {
    const content = this.file(from);
    this.#directory(parentPath(to));
    this.#change(from, to, content);
  }

  remove(path: string): void {
    this.file(path);
    this.#change(path, null, null);
  }

  sync(path: string): void {
    this.#directory(path);
    this.#unsynced = this.#unsynced.filter((change) => {
      const touched = [change.removed, change.added].some(
        (name) => name !== null && parentPath(name) === path,
      );
      if (touched) apply(this.#durable, change);
      return !touched;
    });
  }

  /** Each unsynced change is there or not, in any combination. */
  losePower(prng: Prng): void {
    for (const change of this.#unsynced) if (prng.chance(0.5)) apply(this.#durable, change);
    this.#unsynced = [];
    for (const path of [...this.#durable.keys()].sort()) {
      if (path !== '.' && this.#durable.get(parentPath(path)) !== null) this.#durable.delete(path);
    }
    this.#seen = new Map(this.#durable);
  }

  #change(removed: string | null, added: string | null, node: Node): void {
    const change = { removed, added, node };
    apply(this.#seen, change);
    this.#unsynced.push(change);
  }

  #directory(path: string): void {
    if (this.#seen.get(path) !== null) {
      throw new FileSystemError('notFound', path, `${path}: no such directory`);
    }
  }
}

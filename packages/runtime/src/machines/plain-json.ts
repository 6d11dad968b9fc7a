/** How deep objects and arrays may lie within each other; beyond it recursion could fail. */
export const maxJsonDepth = 512;

/** Of a command: less, so that a state or result that it becomes part of is not too deep. */
export const maxCommandDepth = 128;

/** A value that JSON text cannot hold as it is. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
  /** Where it is: `command.transfers[2].amount`. */
  readonly path: string;
  /** What is there: `NaN`, `a Map`, `undefined`. */
  readonly found: string;

  constructor(path: string, found: string, mend: string) {
    super(`${path} is ${found}, which cannot be replicated as JSON: ${mend}`);
    this.path = path;
    this.found = found;
  }
}

export interface PlainJsonOptions {
  /** What the value is called in messages and paths. */
  readonly root: string;
  readonly maxDepth: number;
  /** Leaves out fields that are undefined, as JSON does; otherwise they are refused. */
  readonly omitsUndefined: boolean;
}

type Key = string | number;

/**
 * Copies values that are plain JSON, and refuses all others by the path of what is wrong:
 * `JSON.stringify` alone makes `{}` of a Map, `null` of NaN and text of a Date, and nobody is told.
 *
 * The copy shares nothing with the value, so neither sees what is done to the other later.
 */
export class PlainJson {
  readonly #options: PlainJsonOptions;
  /** The way to the value that is looked at. */
  readonly #path: Key[] = [];

  constructor(options: PlainJsonOptions) {
    this.#options = options;
  }

  /**
   * @returns what JSON text of the value gives back: -0 has become 0
   * @throws NotJson
   */
  copy(value: unknown): unknown {
    this.#path.length = 0;
    return this.#copy(value, value);
  }

  #copy(value: unknown, root: unknown): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value)) this.#refuse(String(value), 'use null, or text');
        // JSON has no -0.
        return value + 0;
      case 'object':
        if (value === null) return null;
        if (this.#path.length >= this.#options.maxDepth) this.#tooDeep(root);
        return Array.isArray(value) ? this.#array(value, root) : this.#object(value, root);
      case 'bigint':
        return this.#refuse('a bigint', 'use a number up to 2^53 - 1, or text');
      case 'undefined':
        return this.#refuse('undefined', 'leave the field out, or use null');
      default:
        return this.#refuse(`a ${typeof value}`, 'only plain data can be replicated');
    }
  }

  #array(values: readonly unknown[], root: unknown): unknown[] {
    const out = new Array<unknown>(values.length);
    for (let at = 0; at < values.length; at++) {
      const value = values[at];
      out[at] = isCopied(value) ? value : this.#copyWithin(at, value, root);
    }
    return out;
  }

  #object(value: object, root: unknown): object {
    const prototype: unknown = Object.getPrototypeOf(value);
    // Plain in any realm: its prototype is at the root, or there is none.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) this.#refuseObject(value);
    // Makes all fields its own, one called __proto__ too, and is many times faster than a loop.
    const out: Record<string, unknown> = { ...value };
    for (const key of Object.keys(out)) {
      const field = out[key];
      if (isCopied(field)) continue;
      if (field === undefined && this.#options.omitsUndefined) delete out[key];
      else out[key] = this.#copyWithin(key, field, root);
    }
    return out;
  }

  #copyWithin(key: Key, value: unknown, root: unknown): unknown {
    this.#path.push(key);
    const copy = this.#copy(value, root);
    this.#path.pop();
    return copy;
  }

  #refuseObject(value: object): never {
    const name = nameOf(value);
    const mend = /^(Map|Set)$/.test(name)
      ? 'spread it into an array'
      : 'give a plain object of its fields';
    this.#refuse(`${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`, mend);
  }

  /** It may be in a cycle: then the shortest way into it is named. */
  #tooDeep(root: unknown): never {
    const onTheWay: unknown[] = [root];
    let at = root;
    for (const [depth, key] of this.#path.entries()) {
      at = (at as Readonly<Record<Key, unknown>>)[key];
      const first = onTheWay.indexOf(at);
      if (first >= 0) {
        const target = this.#pathText(first);
        this.#path.length = depth + 1;
        this.#refuse(`${target} itself, a cycle`, 'refer to it by a name or number');
      }
      onTheWay.push(at);
    }
    this.#path.length = Math.min(this.#path.length, 3);
    this.#refuse(
      `the way to objects more than ${this.#options.maxDepth} levels deep`,
      'keep them in a flat array or object',
    );
  }

  #refuse(found: string, mend: string): never {
    throw new NotJson(this.#pathText(this.#path.length), found, mend);
  }

  #pathText(length: number): string {
    return pathText(this.#options.root, this.#path.slice(0, length));
  }
}

/** As one would write it in JavaScript: `state.accounts[3]["first name"]`; long keys are cut. */
export function pathText(root: string, keys: readonly Key[]): string {
  let text = root;
  for (const key of keys) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]{0,59}$/.test(key)) text += `.${key}`;
    else text += `[${JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}...` : key)}]`;
  }
  return text;
}

/** Whether arrays and objects lie within each other more than `levels` deep in parsed JSON. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) if (isDeeperThan(value[at], levels - 1)) return true;
    return false;
  }
  for (const key of Object.keys(value)) {
    if (isDeeperThan((value as Readonly<Record<string, unknown>>)[key], levels - 1)) return true;
  }
  return false;
}

/** Whether it is JSON that needs no copy. */
function isCopied(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'boolean' || value === null;
}

function nameOf(value: object): string {
  const made = value as { readonly constructor?: { readonly name?: unknown } };
  const name = made.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object of a class';
}

import { assert } from '@quorate/base';
import type { Tripwires } from '../src/machines/tripwires.ts';

// The one file here that touches the world: it stands between a state machine and the globals that
// differ between replicas, for as long as one call takes.

/** Left out, every global that differs between replicas is noted. */
export interface GlobalTripwiresOptions {
  /** Names that are not noted: `Math.exp`. */
  readonly allowed?: readonly string[];
}

type Holder = Record<PropertyKey, unknown>;

/** Local time, which depends on the machine's zone. */
const localTime = [
  'getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds',
  'getTimezoneOffset setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds',
  'toString toDateString toTimeString toLocaleString toLocaleDateString toLocaleTimeString',
].flatMap((names) => names.split(' '));

/** ECMAScript leaves their last bits to the engine. */
const inexactMath = [
  'acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow',
  'sin sinh tan tanh',
].flatMap((names) => names.split(' '));

const timers = 'setTimeout setInterval setImmediate queueMicrotask fetch'.split(' ');

/** What is looked at, by the name of its holder. */
function watched(): readonly (readonly [string, unknown, readonly string[]])[] {
  const { crypto, performance, process } = globalThis as Readonly<Record<string, unknown>>;
  return [
    ['', globalThis, timers],
    ['Date', Date, ['now']],
    ['Date.prototype', Date.prototype, localTime],
    ['Math', Math, ['random', ...inexactMath]],
    ['performance', performance, ['now']],
    ['crypto', crypto, ['getRandomValues', 'randomUUID']],
    ['process', process, ['hrtime', 'uptime', 'cwd', 'memoryUsage']],
    [
      'String.prototype',
      String.prototype,
      ['localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase'],
    ],
    ['Number.prototype', Number.prototype, ['toLocaleString']],
    ['Array.prototype', Array.prototype, ['toLocaleString']],
    ['Intl', Intl, ['Collator', 'DateTimeFormat', 'NumberFormat', 'PluralRules', 'Segmenter']],
  ];
}

interface Wire {
  readonly holder: Holder;
  readonly key: string;
  readonly armed: PropertyDescriptor;
  /** Undefined: it is inherited, and what was put in its place is taken out. */
  readonly disarmed: PropertyDescriptor | undefined;
}

/**
 * Notes which globals that differ between replicas are used: clocks, randomness, timers, the
 * locale, the time zone, the environment, and arithmetic whose last bits are the engine's. They
 * work as ever. What a module has put into a variable of its own before is not noticed.
 *
 * Between `arm` and `disarm` the globals are replaced, for the whole thread: only for tests and
 * development, and only around calls that do not wait.
 */
export function globalTripwires(options: GlobalTripwiresOptions = {}): Tripwires {
  return new GlobalTripwires(new Set(options.allowed));
}

class GlobalTripwires implements Tripwires {
  readonly #allowed: ReadonlySet<string>;
  readonly #used: Set<string> = new Set();
  #wires: readonly Wire[] | null = null;
  #isArmed = false;

  constructor(allowed: ReadonlySet<string>) {
    this.#allowed = allowed;
  }

  arm(): void {
    assert(!this.#isArmed, 'tripwires are armed once at a time');
    this.#isArmed = true;
    this.#used.clear();
    this.#wires ??= this.#lay();
    for (const { holder, key, armed } of this.#wires) Object.defineProperty(holder, key, armed);
  }

  disarm(): readonly string[] {
    this.#isArmed = false;
    for (const { holder, key, disarmed } of this.#wires ?? []) {
      if (disarmed === undefined) delete holder[key];
      else Object.defineProperty(holder, key, disarmed);
    }
    return [...this.#used];
  }

  #note(name: string): void {
    // One that an implementation uses within itself counts as used by the caller.
    if (this.#isArmed && !this.#allowed.has(name)) this.#used.add(name);
  }

  #lay(): readonly Wire[] {
    const wires: Wire[] = [];
    for (const [holderName, holder, keys] of watched()) {
      if (holder === undefined) continue;
      for (const key of keys) {
        const name = holderName === '' ? key : `${holderName}.${key}`;
        const wire = this.#wire(holder as Holder, key, name);
        if (wire !== null) wires.push(wire);
      }
    }
    const date = this.#wire(globalThis as unknown as Holder, 'Date', 'new Date()');
    if (date !== null) wires.push(date);
    const environment = this.#environment();
    if (environment !== null) wires.push(environment);
    return wires;
  }

  #wire(holder: Holder, key: string, name: string): Wire | null {
    const disarmed = Object.getOwnPropertyDescriptor(holder, key);
    if (disarmed?.configurable === false) return null;
    const original = holder[key];
    if (typeof original !== 'function') return null;
    const value = this.#noting(original as (...args: unknown[]) => unknown, name);
    const armed = { value, writable: true, enumerable: false, configurable: true };
    return { holder, key, armed, disarmed };
  }

  /** A date that is told which moment it stands for is the same everywhere. */
  #noting(original: (...args: unknown[]) => unknown, name: string): unknown {
    const isDate = (original as unknown) === Date;
    return new Proxy(original, {
      apply: (target, self, args) => {
        this.#note(name);
        return Reflect.apply(target, self, args);
      },
      construct: (target, args, newTarget) => {
        if (!isDate || args.length === 0) this.#note(name);
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
  }

  #environment(): Wire | null {
    const { process } = globalThis as Readonly<Record<string, unknown>>;
    if (process === undefined) return null;
    const holder = process as Holder;
    const disarmed = Object.getOwnPropertyDescriptor(holder, 'env');
    if (disarmed?.configurable !== true) return null;
    const { env } = holder;
    const get = (): unknown => {
      this.#note('process.env');
      return env;
    };
    return { holder, key: 'env', armed: { get, configurable: true }, disarmed };
  }
}

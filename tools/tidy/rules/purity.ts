import { isPure, LAYERS_PATH, type Layers, readLayers } from '../layers.ts';
import type { Problem } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import { is, isMember } from '../tokens.ts';
import { findUses } from '../uses.ts';
import { isShipped, splitSpecifier, type WorkspacePackage } from '../workspace-package.ts';

/** Globals that let in time, randomness, scheduling or the machine, with what to use instead. */
const IMPURE_GLOBALS = new Map([
  ['Date', 'the clock port'],
  ['performance', 'the clock port'],
  ['setTimeout', 'the timers port'],
  ['setInterval', 'the timers port'],
  ['setImmediate', 'the timers port'],
  ['queueMicrotask', 'the timers port'],
  ['process', 'options handed in'],
  ['Buffer', 'Uint8Array'],
  ['Intl', 'comparison by code unit'],
  ['console', 'the logger port'],
  ['fetch', 'the network port'],
  ['WebSocket', 'the network port'],
  ['AbortSignal', 'the timers port'],
  ['Worker', 'a port'],
  ['Atomics', 'a port'],
  ['WeakRef', 'explicit ownership: collection is not deterministic'],
  ['FinalizationRegistry', 'explicit ownership: collection is not deterministic'],
  ['globalThis', 'a port'],
  ['require', 'a static import'],
  ['eval', 'code that is there to read'],
]);
const IMPURE_NAMES = new Set(IMPURE_GLOBALS.keys());

/** Members that let in the same, whatever they are reached through. */
const IMPURE_MEMBERS = new Map([
  ['localeCompare', 'a comparison by code unit'],
  ['toLocaleString', 'String()'],
  ['toLocaleLowerCase', 'toLowerCase()'],
  ['toLocaleUpperCase', 'toUpperCase()'],
  ['toLocaleDateString', 'numbers'],
  ['toLocaleTimeString', 'numbers'],
  ['getRandomValues', 'Prng, or the crypto port'],
  ['randomUUID', 'Prng, or the crypto port'],
]);

/** Those whose result ECMAScript or IEEE 754 fixes to the last bit. */
const EXACT_MATH = new Set(
  'abs ceil clz32 floor fround imul max min round sign sqrt trunc E LN2 PI SQRT2'.split(' '),
);
const MATH = new Set(['Math']);
const PROMISES = new Set(['async', 'await', 'Promise', 'PromiseLike', 'AsyncIterable']);

/** What the simulator plays must depend on nothing but its inputs. */
export const purityRule: Rule = {
  name: 'purity',
  *check(tree) {
    const layers = readLayers(tree);
    for (const pkg of tree.packages) {
      for (const file of pkg.files) {
        if (!isShipped(pkg, file) || !isPure(layers, pkg, file)) continue;
        yield* checkImports(layers, pkg, file, new Set(tree.packages.map(({ name }) => name)));
        yield* checkGlobals(file);
        yield* checkMembers(file);
        yield* checkMath(file);
        if (layers.withoutPromises.includes(pkg.folder)) yield* checkPromises(file);
      }
    }
  },
};

function* checkImports(
  layers: Layers,
  pkg: WorkspacePackage,
  file: SourceFile,
  ours: ReadonlySet<string>,
): Iterable<Problem> {
  for (const { specifier, line } of file.module.imports) {
    const name = splitSpecifier(specifier)?.name;
    if (specifier.startsWith('node:')) {
      yield report(file, line, `imports ${specifier}; take a port instead`);
    } else if (name !== undefined && !ours.has(name)) {
      const allowed = layers.pureMayDependOn;
      if (allowed.some(({ from, to }) => from === pkg.folder && to === name)) continue;
      const mend = `use a port, or name it with its reason in ${LAYERS_PATH} pureMayDependOn`;
      yield report(file, line, `a pure package depends on ${name}; ${mend}`);
    }
  }
}

function* checkGlobals(file: SourceFile): Iterable<Problem> {
  for (const { token } of findUses(file.tokens.code, IMPURE_NAMES)) {
    const instead = IMPURE_GLOBALS.get(token.text);
    yield report(file, token.line, `${token.text} is not deterministic here; use ${instead}`);
  }
}

function* checkMembers(file: SourceFile): Iterable<Problem> {
  for (const [at, token] of file.tokens.code.entries()) {
    const instead = IMPURE_MEMBERS.get(token.text);
    if (instead === undefined || !isMember(file.tokens.code, at)) continue;
    yield report(file, token.line, `${token.text} is not deterministic here; use ${instead}`);
  }
}

function* checkMath(file: SourceFile): Iterable<Problem> {
  const code = file.tokens.code;
  for (const { token, at } of findUses(code, MATH)) {
    const member = is(code[at + 1], '.') ? code[at + 2]?.text : undefined;
    if (member !== undefined && EXACT_MATH.has(member)) continue;
    const message =
      member === 'random'
        ? 'Math.random is not seeded; use Prng'
        : `Math.${member ?? '?'} may differ between machines; use integer arithmetic`;
    yield report(file, token.line, message);
  }
}

function* checkPromises(file: SourceFile): Iterable<Problem> {
  for (const { token } of findUses(file.tokens.code, PROMISES)) {
    yield report(file, token.line, `${token.text} in a package without promises; use a callback`);
  }
}

function report(file: SourceFile, line: number, message: string): Problem {
  return { path: file.path, line, rule: 'purity', message };
}

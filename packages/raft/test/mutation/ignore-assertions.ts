/**
 * A plugin of Stryker's: leaves out what stands inside a call of `assert`, `present` or
 * `unreachable`. Such a condition holds in every correct run, and its message is never seen in
 * one: no test of a correct program can tell a mutant there from the original.
 */

/** The part that is looked at of the syntax tree's node. */
interface CallPath {
  readonly node: {
    readonly type: string;
    readonly callee?: { readonly type: string; readonly name?: string };
  };
}

const assertions = new Set<string | undefined>(['assert', 'present', 'unreachable']);

/** @returns why the call is left out; undefined: it is not */
function shouldIgnore({ node }: CallPath): string | undefined {
  const isAssertion =
    node.type === 'CallExpression' &&
    node.callee?.type === 'Identifier' &&
    assertions.has(node.callee.name);
  return isAssertion ? 'an assertion holds in every correct run' : undefined;
}

/** As Stryker wants it named. */
export const strykerPlugins = [{ kind: 'Ignore', name: 'assertions', value: { shouldIgnore } }];

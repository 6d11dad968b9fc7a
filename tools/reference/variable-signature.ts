import { endOf, type NodeOf, type Span, startOf, textOf } from './syntax.ts';

/** A value that is the whole of what a constant's readers need; longer ones say too much. */
const MOST_LINES = 40;

const LITERALS = new Set(['NumericLiteral', 'StringLiteral', 'BooleanLiteral', 'BigIntLiteral']);
const FUNCTIONS = new Set(['ArrowFunctionExpression', 'FunctionExpression']);

interface Value extends Span {
  readonly type: string;
}

interface FunctionValue extends Value {
  readonly body: Span;
}

/** For each name that `node` declares its type, or the value from which the type follows. */
export function variableSignatures(
  node: NodeOf<'VariableDeclaration'>,
  source: string,
): { name: string; signature: string }[] {
  return node.declarations.flatMap(({ id, init }) => {
    if (id.type !== 'Identifier') {
      const pattern = textOf(source, id);
      const names = pattern.match(/[$_\p{ID_Start}][$\p{ID_Continue}]*(?=\s*[,}\]=])/gu) ?? [];
      return names.map((name) => ({ name, signature: `${node.kind} ${pattern} = …;` }));
    }
    const head = `${node.kind} ${textOf(source, id)}`;
    const value: Value | null = init ?? null;
    const isTold = value === null || (id.typeAnnotation && !LITERALS.has(value.type));
    const signature = isTold ? `${head};` : `${head} = ${valueSignature(value, source)};`;
    return [{ name: id.name, signature }];
  });
}

/** The source of a value, without the body of a function and without what is too long. */
export function valueSignature(value: Value, source: string): string {
  if (isFunction(value)) return `${source.slice(startOf(value), startOf(value.body)).trim()} …`;
  const text = source.slice(startOf(value), endOf(value));
  return text.split('\n').length > MOST_LINES ? '…' : text;
}

function isFunction(value: Value): value is FunctionValue {
  return FUNCTIONS.has(value.type);
}

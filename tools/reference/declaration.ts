import { type ClassMember, classHead, classMembers } from './class-outline.ts';
import {
  docstringBefore,
  endOf,
  type NodeOf,
  type Span,
  type Statement,
  startOf,
  textOf,
} from './syntax.ts';
import { variableSignatures } from './variable-signature.ts';

/** In the order in which a page lists them. */
export const KINDS = ['function', 'class', 'const', 'interface', 'type', 'namespace'] as const;

export type Kind = (typeof KINDS)[number];

/** What one declaration of a file shows to those who import it. */
export interface Declaration {
  readonly name: string;
  readonly kind: Kind;
  /** As in the source, without what only the inside needs: bodies and private members. */
  readonly signature: string;
  /** The inside of its docstring; null when it has none. */
  readonly docstring: string | null;
  /** Of a class; its signature is then the head alone. */
  readonly members: readonly ClassMember[];
  /** Whether it is one of the ways to call a function, and not its implementation. */
  readonly isOverload: boolean;
  /** The plain names among what it extends; of a class at most one. */
  readonly parents: readonly string[];
}

interface Described {
  readonly docstring: string | null;
  readonly source: string;
}

/** What `statement` declares at the top of a file, exported or not. */
export function readDeclarations(statement: Statement, source: string): Declaration[] {
  const described = { docstring: docstringBefore(statement), source };
  const declared =
    statement.type === 'ExportNamedDeclaration' ? (statement.declaration ?? statement) : statement;
  switch (declared.type) {
    case 'TSDeclareFunction':
    case 'FunctionDeclaration':
      return declared.id ? [functionOf(declared, declared.id.name, described)] : [];
    case 'ClassDeclaration':
      return declared.id ? [classOf(declared, declared.id.name, described)] : [];
    case 'TSInterfaceDeclaration':
      return [interfaceOf(declared, described)];
    case 'TSTypeAliasDeclaration':
      return [plain(declared.id.name, 'type', textOf(source, declared), described)];
    case 'VariableDeclaration':
      return variableSignatures(declared, source).map(({ name, signature }) =>
        plain(name, 'const', signature, described),
      );
    default:
      return [];
  }
}

function plain(name: string, kind: Kind, signature: string, { docstring }: Described): Declaration {
  return { name, kind, signature, docstring, members: [], parents: [], isOverload: false };
}

function functionOf(
  node: NodeOf<'FunctionDeclaration'> | NodeOf<'TSDeclareFunction'>,
  name: string,
  described: Described,
): Declaration {
  const { source } = described;
  const end = node.type === 'FunctionDeclaration' ? startOf(node.body) : endOf(node);
  const head = source.slice(startOf(node), end).trim();
  const signature = head.endsWith(';') ? head : `${head};`;
  const isOverload = node.type === 'TSDeclareFunction';
  return { ...plain(name, 'function', signature, described), isOverload };
}

function classOf(
  node: NodeOf<'ClassDeclaration'>,
  name: string,
  described: Described,
): Declaration {
  const { source } = described;
  return {
    ...plain(name, 'class', classHead(node, source), described),
    members: classMembers(node, source),
    parents: plainNames([node.superClass], source),
  };
}

function interfaceOf(node: NodeOf<'TSInterfaceDeclaration'>, described: Described): Declaration {
  const { source } = described;
  const parents = (node.extends ?? []).map(({ expression }) => expression);
  return {
    ...plain(node.id.name, 'interface', textOf(source, node), described),
    parents: plainNames(parents, source),
  };
}

function plainNames(
  parents: readonly ((Span & { readonly type: string }) | null | undefined)[],
  source: string,
): string[] {
  return parents.flatMap((each) => (each?.type === 'Identifier' ? textOf(source, each) : []));
}

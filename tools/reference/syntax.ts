/**
 * The grammar is @babel/parser's: a declaration's end, a class's members and the comments before
 * each need a whole grammar, of which the tokens that tidy reads are the easy part.
 */
import { type ParseResult, parse } from '@babel/parser';

type Program = ParseResult['program'];
export type Statement = Program['body'][number];

export type NodeOf<Kind extends Statement['type']> = Extract<Statement, { type: Kind }>;

/** As much of a node as it takes to find it in the text. */
export interface Span {
  readonly start?: number | null;
  readonly end?: number | null;
}

interface Commented extends Span {
  readonly leadingComments?: readonly { readonly type: string; readonly value: string }[] | null;
}

/** @throws Error that names the file when it is no TypeScript */
export function parseProgram(path: string, text: string): Program {
  try {
    const plugins = ['typescript', 'explicitResourceManagement'] as const;
    return parse(text, { sourceType: 'module', plugins: [...plugins] }).program;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} cannot be read as TypeScript: ${reason}`, { cause: error });
  }
}

export function startOf(node: Span): number {
  return node.start ?? 0;
}

export function endOf(node: Span): number {
  return node.end ?? 0;
}

/** The source of `node`. */
export function textOf(source: string, node: Span): string {
  return source.slice(startOf(node), endOf(node));
}

/** What stands within the docstring right before `node`; null when there is none. */
export function docstringBefore(node: Commented): string | null {
  const comments = node.leadingComments ?? [];
  return comments.findLast(isDocstring)?.value ?? null;
}

function isDocstring({ type, value }: { type: string; value: string }): boolean {
  return type === 'CommentBlock' && value.startsWith('*');
}

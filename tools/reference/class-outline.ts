import { docstringBefore, endOf, type NodeOf, startOf, textOf } from './syntax.ts';
import { valueSignature } from './variable-signature.ts';

/** A member of a class that whoever holds an object of it may touch. */
export interface ClassMember {
  /** As written, brackets of a computed one included; marked when static. */
  readonly name: string;
  /** Its docstring and its signature, indented as in a class. */
  readonly text: string;
}

type Member = NodeOf<'ClassDeclaration'>['body']['body'][number];

/** The class up to its brace, without what precedes its modifiers. */
export function classHead(node: NodeOf<'ClassDeclaration'>, source: string): string {
  return source.slice(startOf(node), startOf(node.body)).trim();
}

/** The members in the order of the source, the public ones alone and without any body. */
export function classMembers(node: NodeOf<'ClassDeclaration'>, source: string): ClassMember[] {
  const members = node.body.body;
  const overloaded = new Set(
    members.filter(({ type }) => type === 'TSDeclareMethod').map((each) => keyOf(each, source)),
  );
  return members.flatMap((member) => {
    const isBehindOverloads =
      member.type === 'ClassMethod' && overloaded.has(keyOf(member, source));
    const signature = isBehindOverloads ? null : signatureOf(member, source);
    if (signature === null) return [];
    const docstring = docstringBefore(member);
    const comment = docstring === null ? '' : `  /*${docstring}*/\n`;
    return [{ name: keyOf(member, source), text: `${comment}  ${signature}` }];
  });
}

function signatureOf(member: Member, source: string): string | null {
  const accessibility = 'accessibility' in member ? member.accessibility : null;
  if (accessibility === 'private' || accessibility === 'protected') {
    // That one cannot construct it oneself is worth knowing.
    const isConstructor = member.type === 'ClassMethod' && member.kind === 'constructor';
    return isConstructor ? `${accessibility} constructor();` : null;
  }
  switch (member.type) {
    case 'ClassMethod':
      return `${source.slice(startOf(member), startOf(member.body)).trim()};`;
    case 'TSDeclareMethod':
    case 'TSIndexSignature':
      return textOf(source, member);
    case 'ClassProperty':
    case 'ClassAccessorProperty': {
      const head = source.slice(startOf(member), endOf(member.typeAnnotation ?? member.key));
      const { value } = member;
      if (member.typeAnnotation) return `${head};`;
      return value ? `${head} = ${valueSignature(value, source)};` : textOf(source, member);
    }
    default:
      return null;
  }
}

function keyOf(member: Member, source: string): string {
  if (!('key' in member) || !member.key) return '';
  const key = textOf(source, member.key);
  const isComputed = 'computed' in member && member.computed === true;
  const isStatic = 'static' in member && member.static === true;
  return `${isStatic ? 'static ' : ''}${isComputed ? `[${key}]` : key}`;
}

import type { Prng } from '@quorate/base';
import type { JsonShape } from '@quorate/schema';

type Fields = Record<string, unknown>;

/** Text that stands in JSON as it is, since no value of this language would. */
class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * One of the many ways to say a message in JSON: names in either spelling, integers as numbers or
 * text, enums by name or number, defaults said or left out; and now and then one that is wrong.
 */
export function jsonVariant(prng: Prng, shape: JsonShape, json: object): string {
  const isOdd = prng.chance(0.06);
  const said = write(vary(prng, shape, json as Fields, isOdd));
  if (!prng.chance(0.03)) return said;
  return prng.pick([
    `${said} `,
    ` \n\t${said}`,
    `${said}${said}`,
    `${said}x`,
    said.slice(0, -1),
    said.slice(0, Math.floor(said.length / 2)),
    `[${said}]`,
    '',
    '{}',
    'null',
    '"text"',
    '7',
    '{"key":}',
    '{key:"YQ=="}',
    "{'key':'YQ=='}",
    '{"key":"YQ==",}',
    `\ufeff${said}`,
  ]);
}

function vary(prng: Prng, shape: JsonShape, json: Fields, isOdd: boolean): Fields {
  const out: Fields = {};
  for (const field of prng.chance(0.1) ? prng.shuffle(shape) : shape) {
    const value = json[field.name];
    const name = prng.chance(0.15) ? field.property : field.name;
    if (value === undefined) {
      // Of members of a oneof, the last that is named counts, even as null.
      if (!field.optional && prng.chance(0.04)) out[name] = prng.pick(absent(field));
    } else if (field.repeated) {
      out[name] = (value as unknown[]).map((item) => varyValue(prng, field, item, isOdd));
    } else out[name] = varyValue(prng, field, value, isOdd);
  }
  if (prng.chance(0.03)) out['no_such_field'] = prng.pick([1, 'x', null, { a: [1] }]);
  return out;
}

function absent(field: JsonShape[number]): readonly unknown[] {
  if (field.repeated) return [null, []];
  switch (field.kind) {
    case 'bytes':
    case 'string':
      return [null, ''];
    case 'bool':
      return [null, false];
    default:
      return [null, 0, '0'];
  }
}

function varyValue(prng: Prng, field: JsonShape[number], value: unknown, isOdd: boolean): unknown {
  if (isOdd && prng.chance(0.3)) return odd(prng, field, value);
  switch (field.kind) {
    case 'message':
      return vary(prng, (field.of as () => JsonShape)(), value as Fields, isOdd);
    case 'count':
    case 'identity':
      return prng.chance(0.4) ? new Raw(String(value)) : value;
    case 'enum': {
      const number = (field.of as Readonly<Record<string, number>>)[value as string];
      return number !== undefined && prng.chance(0.3) ? number : value;
    }
    default:
      return value;
  }
}

/** Values that are wrong, or that are right only to some readers. */
function odd(prng: Prng, field: JsonShape[number], value: unknown): unknown {
  switch (field.kind) {
    case 'bytes':
      return oddBytes(prng, String(value));
    case 'string':
      return prng.pick([7, true, {}, ['a'], null]);
    case 'bool':
      return prng.pick(['true', 1, 'yes', null, {}]);
    case 'message':
      // Not null: in a list it makes 3.4 drop the connection.
      return prng.pick([[], 'x', 7, true]);
    case 'enum':
      return prng.pick(['NO_SUCH', String(value).toLowerCase(), true, 1.5, '1', null]);
    default:
      return new Raw(
        prng.pick([
          '1.5',
          '"1.5"',
          '1e3',
          '"1e3"',
          '1.0',
          '""',
          '"abc"',
          '" 1"',
          '"0x10"',
          '"+1"',
          '"01"',
          '-0',
          '9223372036854775807',
          '"-9223372036854775808"',
          '"99999999999999999999"',
          'true',
          'null',
          '{}',
        ]),
      );
  }
}

function oddBytes(prng: Prng, text: string): unknown {
  return prng.pick([
    text.replace(/=+$/, ''),
    text.replaceAll('+', '-').replaceAll('/', '_'),
    `${text}=`,
    `${text.slice(0, 2)}\n${text.slice(2)}`,
    `${text} `,
    'YQ==YQ==',
    'YR==',
    'a',
    '_-__',
    '!!!!',
    'ключ',
    7,
    null,
    true,
    [97],
    {},
  ]);
}

function write(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, one]) => `${JSON.stringify(name)}:${write(one)}`,
  );
  return `{${fields.join(',')}}`;
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CsvParser } from '../../src/ledger/files/csv-parser.ts';
import { parseFlatObject } from '../../src/ledger/files/flat-object.ts';
import { JsonLinesParser } from '../../src/ledger/files/json-lines-parser.ts';
import {
  type BadRecord,
  type FileRecord,
  placeText,
  type RecordParser,
} from '../../src/ledger/files/record.ts';

const start = { bytes: 0, line: 1 };

/** @param cut bytes in a portion */
function records(parser: RecordParser, text: string, cut = 1 << 20): (FileRecord | BadRecord)[] {
  const bytes = Buffer.from(text);
  const found: (FileRecord | BadRecord)[] = [];
  for (let at = 0; at < bytes.length; at += cut) {
    found.push(...parser.feed(bytes.subarray(at, at + cut), false));
  }
  return [...found, ...parser.feed(Buffer.alloc(0), true)];
}

function csv(text: string, cut?: number): (FileRecord | BadRecord)[] {
  return records(new CsvParser(null, start), text, cut);
}

function texts(found: readonly (FileRecord | BadRecord)[]): (readonly string[])[] {
  return found.map((one) => (one.isGood ? one.texts : assert.fail(one.reason)));
}

function problem(found: readonly (FileRecord | BadRecord)[]): string {
  const bad = found.find((one) => !one.isGood);
  return bad === undefined || bad.isGood ? 'none' : `${placeText(bad)}: ${bad.reason}`;
}

describe('CSV', () => {
  it('has any text in its fields, and comes in any portions', () => {
    const field = fc.oneof(fc.string(), fc.constantFrom('a,b', '"', '""', 'a\nb', 'a\r\nb', 'é🙂'));
    const rows = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('\n', '\r\n'),
        (all, cut, end) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const lines = all.map((row) => row.map(quoted).join(','));
          const found = csv(`a,b,c${end}${lines.join(end)}${end}`, cut);
          assert.deepEqual(texts(found), all);
        },
      ),
      { seed: 7003 },
    );
  });

  it('tells where each record ends, so that reading can go on there', () => {
    const text = '\ufeffid,code\r\n1,2\n\n"3\n",4\n5,6';
    const bytes = Buffer.from(text).subarray(3);
    for (const cut of [1, 3, 100]) {
      const parser = new CsvParser(null, { bytes: 3, line: 1 });
      const found = records(parser, bytes.toString(), cut);
      assert.deepEqual(texts(found), [
        ['1', '2'],
        ['3\n', '4'],
        ['5', '6'],
      ]);
      assert.deepEqual(
        found.map(({ line, nextLine }) => [line, nextLine]),
        [
          [2, 3],
          [4, 6],
          [6, 7],
        ],
      );
      for (const [at, { endBytes, nextLine }] of found.entries()) {
        const rest = Buffer.from(text).subarray(endBytes).toString();
        const again = new CsvParser(parser.header, { bytes: endBytes, line: nextLine });
        assert.deepEqual(texts(records(again, rest, cut)), texts(found).slice(at + 1));
      }
    }
  });

  it('says line and column of what is wrong', () => {
    assert.equal(
      problem(csv('id,code\n1,2\n1,2,3\n')),
      'line 3, column 3: 3 fields, where the first line names 2 columns',
    );
    assert.match(problem(csv('id,code\n1,"2"x\n')), /^line 2, column 3: text behind the closing/);
    assert.match(problem(csv('id,code\n1,2"\n')), /^line 2, column 3: a quote in a field/);
    assert.match(problem(csv('id,code\n1,"2\n3,4\n')), /^line 2, column 3: the quote that opens/);
    for (const [text, columns] of [
      ['id,name,code\n1,"é, 🙂",2\n', [1, 3, 10]],
      ['id,name,code\n1,é 🙂,2\n', [1, 3, 7]],
    ] as const) {
      const [record] = csv(text);
      assert.ok(record?.isGood);
      assert.deepEqual(
        [0, 1, 2].map((index) => record.place(index).column),
        columns,
      );
    }
    const parser = new CsvParser(null, start);
    records(parser, '\n id ,"co""de\n",x\n');
    assert.deepEqual(parser.header, {
      names: ['id', 'co"de', 'x'],
      places: [
        { line: 2, column: 1 },
        { line: 2, column: 6 },
        { line: 3, column: 3 },
      ],
    });
  });

  it('goes on behind a bad line, unless the rest lies in a quote', () => {
    const found = csv('id,code\n1\n"2"x,1\n3,4\n');
    assert.deepEqual(
      found.map(({ isGood, line }) => [isGood, line]),
      [
        [false, 2],
        [false, 3],
        [true, 4],
      ],
    );
    const open = csv('id,code\n1,"2\n3,4\n');
    assert.deepEqual(
      open.map((one) => !one.isGood && one.isLast),
      [true],
    );
  });

  it('takes a record of more than a megabyte for a mistake', () => {
    const long = `id,code\n"${'x'.repeat(1 << 21)}`;
    assert.match(problem(csv(long, 1 << 18)), /no end within/);
  });
});

describe('lines of JSON', () => {
  it('keep every digit of a number', () => {
    const text = '{"id": 340282366920938463463374607431768211454, "amount": "12.30"}\n';
    for (const cut of [1, 7, 1000]) {
      const found = records(new JsonLinesParser(start), text, cut);
      assert.deepEqual(texts(found), [['340282366920938463463374607431768211454', '12.30']]);
    }
  });

  it('hold text as JSON.parse reads it', () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), fc.boolean(), (object, isWide) => {
        const {
          names,
          texts: found,
          problem: wrong,
        } = parseFlatObject(JSON.stringify(object, null, isWide ? ' ' : ''));
        assert.equal(wrong, null);
        assert.deepEqual(names, Object.keys(object));
        assert.deepEqual(
          found,
          Object.values(object).map((one) => (one === null ? '' : String(one))),
        );
      }),
      { seed: 7004 },
    );
  });

  it('say where a value stands, and what is wrong with a line', () => {
    const found = parseFlatObject('{"id": "é", "flags": ["a","b"] }');
    assert.deepEqual(
      [found.nameStarts, found.starts],
      [
        [1, 12],
        [7, 21],
      ],
    );
    const [record] = records(new JsonLinesParser(start), '\n{"code": "🙂", "id": 1}\n');
    assert.ok(record?.isGood);
    assert.deepEqual(record.namePlace(1), { line: 2, column: 15 });
    assert.deepEqual(record.place(1), { line: 2, column: 21 });
    assert.match(
      problem(records(new JsonLinesParser(start), '{"code": "🙂" 1}\n')),
      /^line 1, column 14: a comma/,
    );
    assert.deepEqual(parseFlatObject('{"flags": ["a","b"]}').texts, ['a|b']);
    const wrong: readonly (readonly [string, number, RegExp])[] = [
      ['[1]', 1, /write an object/],
      ['{"id": 1', 9, /a comma or the closing brace/],
      ['{"id": {}}', 8, /write a number, text/],
      ['{"id": true}', 8, /write a number, text/],
      ['{"id": 1} x', 11, /more behind/],
      ['{"id": 1, "id": 2}', 11, /stands here twice/],
      ['{"id" 1}', 7, /a colon/],
      ['{id: 1}', 2, /a name in quotes/],
      ['{"id": "\\x"}', 8, /write a number, text/],
    ];
    for (const [text, column, reason] of wrong) {
      const { problem: first } = parseFlatObject(text);
      assert.equal(first?.start, column - 1, text);
      assert.match(first.reason, reason, text);
    }
  });
});

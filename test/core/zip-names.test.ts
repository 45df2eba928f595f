import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8Bytes } from '../../core/paths.js';
import { entryNames, fold, madeSafe, safeName, type NameShape } from '../../core/zip-names.js';

describe('a safe name', () => {
  test.each([
    ['stays as it is', 'document.pdf', 'document.pdf'],
    ['keeps blanks, letters of the world and emoji', ' תיק רפואי 😀.pdf', 'תיק רפואי 😀.pdf'],
    ['keeps the dot in front', '.gitignore', '.gitignore'],
    ['of a path is its last component', '../../etc/passwd', 'passwd'],
    ['of an absolute path as well', '/etc/passwd', 'passwd'],
    ['of a path on Windows as well', 'C:\\Users\\me\\scan.pdf', 'scan.pdf'],
    ['of a folder is the folder’s', 'scans/', 'scans'],
    ['of nothing is a name', '', 'unnamed'],
    ['of dots is a name', '..', 'unnamed'],
    ['of blanks is a name', ' \t\u00a0', 'unnamed'],
    ['of what nobody sees is a name', '\u200b\u200d\u202e', 'unnamed'],
    ['has no control characters', 'a\0b\u0007c\u0085d\ne.pdf', 'a_b_c_d_e.pdf'],
    ['has no bidirectional override', 'invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['has no bidirectional isolate', '\u2066a\u2069.pdf', 'a.pdf'],
    ['has nothing that Windows forbids', 'a<b>c:d"e|f?g*.txt', 'a_b_c_d_e_f_g_.txt'],
    ['has no dots and blanks at its end', 'report.pdf. . ', 'report.pdf'],
    ['is no device of Windows', 'CON', '_CON'],
    ['is none with an extension', 'nul.tar.gz', '_nul.tar.gz'],
    ['is none with blanks before the extension', 'com1 .txt', '_com1 .txt'],
    ['is none with a superscript digit', 'LPT¹.txt', '_LPT¹.txt'],
    ['may begin like one', 'console.log', 'console.log'],
    ['has no half characters', 'a\ud83db.txt', 'a_b.txt'],
    ['has no half characters that become whole', '\ud83d\u202e\ude00', '__'],
  ])('%s', (_, name, safe) => expect(safeName(name, 'flat')).toBe(safe));

  test.each([
    ['keeps its folders', 'dir/file.bin', 'dir/file.bin'],
    ['stays below', '../a/./../b', 'a/b'],
    ['is relative', '//a//b/', 'a/b'],
    ['has safe folders', 'CON/a. /x:y', '_CON/a/x_y'],
    ['has no backslash', 'a\\..\\b', 'a_.._b'],
    ['of nothing but up is a name', '../..', 'unnamed'],
  ])('with folders %s', (_, name, safe) => expect(safeName(name, 'folders')).toBe(safe));

  test.each([
    ['keeps its extension', `${'a'.repeat(300)}.pdf`, `${'a'.repeat(251)}.pdf`],
    ['is cut between characters', `${'ש'.repeat(200)}.pdf`, `${'ש'.repeat(125)}.pdf`],
    ['without an extension is cut at its end', '😀'.repeat(100), '😀'.repeat(63)],
    ['is no device after the cut', `CON${' '.repeat(300)}x.pdf`, '_CON.pdf'],
    ['whose "extension" is a sentence is cut at its end', `1. ${'a'.repeat(300)}`, `1. ${'a'.repeat(252)}`],
  ])('that was too long %s', (_, name, safe) => expect(safeName(name, 'flat')).toBe(safe));
});

describe('unique names', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    [
      'count',
      ['document.pdf', 'document.pdf', 'document.pdf'],
      ['document.pdf', 'document (2).pdf', 'document (3).pdf'],
    ],
    ['may have no extension', ['README', 'README'], ['README', 'README (2)']],
    ['may have many dots', ['my.file.tar.gz', 'my.file.tar.gz'], ['my.file.tar.gz', 'my.file.tar (2).gz']],
    ['may begin with a dot', ['.env', '.env'], ['.env', '.env (2)']],
    ['do not meet a number that was there', ['a (2).b', 'a.b', 'a.b'], ['a (2).b', 'a.b', 'a (3).b']],
    ['keep a number that comes later', ['a.b', 'a.b', 'a (2).b'], ['a.b', 'a (2).b', 'a (2) (2).b']],
    ['differ by more than case', ['Readme.MD', 'README.md'], ['Readme.MD', 'README (2).md']],
    ['differ by more than ß', ['Straße', 'STRASSE'], ['Straße', 'STRASSE (2)']],
    ['differ by more than the Unicode form', ['é.txt', 'e\u0301.txt'], ['é.txt', 'e\u0301 (2).txt']],
    ['differ by more than compatibility', ['ﬁle', 'file'], ['ﬁle', 'file (2)']],
    ['differ by more than what nobody sees', ['a\u200d', 'a'], ['a\u200d', 'a (2)']],
    ['are made after they are safe', ['a/x.pdf', 'b\\x.pdf'], ['x.pdf', 'x (2).pdf']],
  ])('%s', (_, names, unique) => expect(entryNames(names, 'flat')).toEqual(unique));

  test('are unique after being cut', () => {
    const long = `${'a'.repeat(300)}.pdf`;
    expect(entryNames([long, `${long}.pdf`, long], 'flat')).toEqual([
      `${'a'.repeat(251)}.pdf`,
      `${'a'.repeat(247)} (2).pdf`,
      `${'a'.repeat(247)} (3).pdf`,
    ]);
  });

  test('are none of the reserved ones', () => {
    expect(entryNames(['_manifest.JSON'], 'folders', ['_MANIFEST.json'])).toEqual(['_manifest (2).JSON']);
  });

  test('are counted within their folder', () => {
    expect(entryNames(['a/x', 'A/X', 'b/x'], 'folders')).toEqual(['a/x', 'A/X (2)', 'b/x']);
  });

  test('are never that of a folder, whichever comes first', () => {
    expect(entryNames(['a', 'a/b', 'a/b/c'], 'folders')).toEqual(['a (2)', 'a/b (2)', 'a/b/c']);
    expect(entryNames(['a/b/c', 'A/B', 'a'], 'folders')).toEqual(['a/b/c', 'A/B (2)', 'a (2)']);
  });

  test('take no longer for ten thousand equal ones than for others', () => {
    const names = entryNames(Array<string>(20_000).fill('scan.pdf'), 'flat');
    expect(names.at(-1)).toBe('scan (20000).pdf');
  });
});

const ODD = fc.constantFrom(
  '/',
  '\\',
  '.',
  ' ',
  '..',
  'CON',
  'nul',
  '.pdf',
  '\0',
  '\u202e',
  '\ud800',
  '\u200d',
  'é',
  'E\u0301',
  ' (2)',
);
const anyName = fc
  .array(
    fc.oneof(
      ODD,
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ maxLength: 3 }),
      fc.constant('ש'.repeat(60)),
    ),
    {
      maxLength: 9,
    },
  )
  .map((pieces) => pieces.join(''));
const shape = fc.constantFrom<NameShape>('flat', 'folders');

const BAD = /[\p{Cc}\p{Cs}<>:"|?*\\\u202A-\u202E\u2066-\u2069]|[\s.]$|^\s/u;
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\s*\.|\s*$)/i;

const expectSafe = (path: string): void => {
  for (const component of path.split('/')) {
    expect(component).not.toMatch(BAD);
    expect(component).not.toMatch(DEVICE);
    expect(['', '.', '..']).not.toContain(component);
    expect(utf8Bytes(component)).toBeLessThanOrEqual(255);
  }
};

describe('any names whatever', () => {
  test('become safe, and what is safe stays', () => {
    fc.assert(
      fc.property(anyName, shape, (name, kind) => {
        const safe = safeName(name, kind);
        expectSafe(safe);
        expect(kind === 'flat' && safe.includes('/')).toBe(false);
        expect(safeName(safe, kind)).toBe(safe);
      }),
      { numRuns: 2000 },
    );
  });

  test('become the same by the short way for plain names as by the long one', () => {
    const plain = fc
      .array(fc.constantFrom('a', 'B', '7', '_', '-', '.', ' ', '(', '/', 'con', 'LPT1', 'nul.'), {
        maxLength: 9,
      })
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.oneof(plain, anyName), shape, (name, kind) => {
        expect(safeName(name, kind)).toBe(madeSafe(name, kind));
      }),
      { numRuns: 5000 },
    );
  });

  test('become unique and stay safe, in whatever form a file system keeps them', () => {
    fc.assert(
      fc.property(fc.array(anyName, { maxLength: 30 }), shape, (names, kind) => {
        const unique = entryNames([...names, ...names], kind);
        unique.forEach(expectSafe);
        const folders = unique.flatMap((path) =>
          path
            .split('/')
            .slice(0, -1)
            .map((_, at, all) => all.slice(0, at + 1).join('/')),
        );
        for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) {
          const kept = unique.map((name) => name.normalize(form).toLowerCase());
          expect(new Set(kept).size).toBe(unique.length);
          for (const folder of folders) expect(kept).not.toContain(folder.normalize(form).toLowerCase());
        }
        expect(entryNames([...names, ...names], kind)).toEqual(unique);
      }),
    );
  });

  test('count as equal in any Unicode form', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'),
        (name, form) => {
          expect(fold(name.normalize(form))).toBe(fold(name));
        },
      ),
    );
  });

  test('that are flat do not depend on the ones that follow', () => {
    fc.assert(
      fc.property(fc.array(anyName), fc.array(anyName), (names, more) => {
        expect(entryNames([...names, ...more], 'flat').slice(0, names.length)).toEqual(
          entryNames(names, 'flat'),
        );
      }),
    );
  });
});

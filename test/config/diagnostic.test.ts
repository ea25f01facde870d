import { describe, expect, test } from 'vitest';
import { formatDiagnostic, placeless } from '../../src/config/diagnostic.ts';
import { frameOf, positionOf } from '../../src/config/read/frame.ts';

const TEXT = 'services:\n  api:\n\tx: "ä" overlp: 15s\n';

describe('frameOf', () => {
  test('shows the line, the one before, and a mark, after tabs too', () => {
    const start = TEXT.indexOf('overlp');
    expect(frameOf(TEXT, { start, end: start + 6 })).toBe(
      ['  2 |   api:', '> 3 | \tx: "ä" overlp: 15s', '    | \t       ^^^^^^'].join('\n'),
    );
  });

  test('marks the place of something empty, on the first line', () => {
    expect(frameOf('', { start: 0, end: 0 })).toBe('> 1 |\n    | ^');
  });

  test('shows a part of a long line, without control characters', () => {
    const text = `${'a'.repeat(5000)}\u001b[31mX${'b'.repeat(5000)}`;
    const frame = frameOf(text, { start: 5005, end: 9000 });
    const [line = '', mark = ''] = frame.split('\n');
    expect(line.length).toBeLessThan(120);
    expect(line).not.toContain('\u001b');
    expect(mark.indexOf('^')).toBe(line.indexOf('X'));
  });

  test('marks no more than the line', () => {
    expect(frameOf('a: b\nc: d\n', { start: 3, end: 9 })).toBe('> 1 | a: b\n    |    ^');
  });
});

test('positionOf counts from 1', () => {
  expect(positionOf('a\nbc', 0)).toEqual({ line: 1, column: 1 });
  expect(positionOf('a\nbc', 3)).toEqual({ line: 2, column: 2 });
  expect(positionOf('a\r\nbc', 3)).toEqual({ line: 2, column: 1 });
});

describe('formatDiagnostic', () => {
  const diagnostic = {
    severity: 'error' as const,
    file: '/srv/site/alternate.config.yaml',
    line: 3,
    column: 5,
    message: 'unknown key',
    hint: 'did you mean "overlap"?',
    frame: '> 3 | x\n    | ^',
  };

  test('begins with the place, which editors and terminals can open', () => {
    expect(formatDiagnostic(diagnostic)).toBe(
      '/srv/site/alternate.config.yaml:3:5: unknown key\n> 3 | x\n    | ^\n  hint: did you mean "overlap"?',
    );
  });

  test('names a file below the working directory relative to it, and another as it is', () => {
    expect(formatDiagnostic(diagnostic, '/srv/site')).toMatch(/^alternate\.config\.yaml:3:5: /);
    expect(formatDiagnostic(diagnostic, '/srv/other')).toMatch(/^\/srv\/site\/alternate\.config\.yaml:3:5: /);
  });

  test('leaves out what is not known', () => {
    expect(formatDiagnostic(placeless('/a.js', 'is broken'))).toBe('/a.js: is broken');
    expect(formatDiagnostic(placeless(null, 'nothing there', 'look'))).toBe('nothing there\n  hint: look');
  });
});

test('a message and a hint stay on their lines, whatever is in them', () => {
  expect(formatDiagnostic(placeless('/a', 'Error: \u001b[2J\nb', 'c\nd'))).toBe(
    '/a: Error: \\x1b[2J\\nb\n  hint: c\\nd',
  );
});

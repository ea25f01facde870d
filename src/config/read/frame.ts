/** Shows a place in a text: line, column, and the line with a mark. Pure. */

/** A part of a text: `start` inclusive, `end` exclusive, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Counts from 1; `column` in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The number of characters of a line that are shown. A file without line breaks would fill the screen. */
const WIDTH = 100;

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/**
 * The previous line, the line of the place, and a mark below it:
 *
 * ```
 *   2 |   api:
 * > 3 |     overlp: 15s
 *     |     ^^^^^^
 * ```
 */
export function frameOf(text: string, span: Span): string {
  const { line, column } = positionOf(text, span.start);
  const lines = text.split('\n');
  const current = withoutControls(lines[line - 1] ?? '');
  const from = Math.max(0, column - 1 - WIDTH / 2);
  const shown = current.slice(from, from + WIDTH);
  const before = shown.slice(0, column - 1 - from);
  const length = Math.max(1, Math.min(span.end - span.start, shown.length - before.length));

  const digits = String(line).length;
  const rows: string[] = [];
  const previous = lines[line - 2];
  if (previous !== undefined) {
    rows.push(
      `  ${String(line - 1).padStart(digits)} | ${withoutControls(previous).slice(from, from + WIDTH)}`.trimEnd(),
    );
  }
  rows.push(`> ${line} | ${shown}`.trimEnd());
  rows.push(`  ${' '.repeat(digits)} | ${before.replace(/[^\t]/g, ' ')}${'^'.repeat(length)}`);
  return rows.join('\n');
}

/** Control characters could move the cursor of the terminal. Each becomes one character, so that the mark stays right. */
function withoutControls(line: string): string {
  return line.replace(/\r$/, '').replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '\ufffd');
}

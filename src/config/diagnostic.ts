/** An error or a warning about a configuration, as data and as text. Pure. */
import { relative } from 'node:path';
import { printable } from '../util/printable.ts';

/** With an error, the configuration is refused. A warning is about something that is probably wrong. */
export type Severity = 'error' | 'warning';

/** One error or warning. Lines and columns count from 1. Columns are in UTF-16 units. */
export interface Diagnostic {
  readonly severity: Severity;
  /** The file's path. `null` if there is no file. */
  readonly file: string | null;
  /** `null` if the place is not known, as in a configuration that a module computes. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  /** What to do. */
  readonly hint: string | null;
  /** The line with a mark under the place; see `frame.ts`. */
  readonly frame: string | null;
}

/** An error without a place in the text of a file. */
export function placeless(file: string | null, message: string, hint: string | null = null): Diagnostic {
  return { severity: 'error', file, line: null, column: null, message, hint, frame: null };
}

/**
 * A diagnostic as text without colour: `path:line:column: message` (for a warning
 * `path:line:column: warning: message`), then the frame and the hint. With `cwd`, the path of a file below that folder is
 * relative.
 */
export function formatDiagnostic(diagnostic: Diagnostic, cwd?: string): string {
  const lines = [placeAndMessage(diagnostic, cwd)];
  if (diagnostic.frame !== null) lines.push(diagnostic.frame);
  if (diagnostic.hint !== null) lines.push(`  hint: ${printable(diagnostic.hint)}`);
  return lines.join('\n');
}

/** A diagnostic on one line, for a log: without the frame, and with the hint in brackets. */
export function formatDiagnosticLine(diagnostic: Diagnostic, cwd?: string): string {
  const { hint } = diagnostic;
  return `${placeAndMessage(diagnostic, cwd)}${hint === null ? '' : ` (${printable(hint)})`}`;
}

function placeAndMessage(diagnostic: Diagnostic, cwd: string | undefined): string {
  const place = [
    diagnostic.file === null ? null : shorten(diagnostic.file, cwd),
    diagnostic.line,
    diagnostic.column,
    diagnostic.severity === 'warning' ? ' warning' : null,
  ].filter((part) => part !== null);
  return printable([...place, ` ${diagnostic.message}`].join(':').trimStart());
}

function shorten(file: string, cwd: string | undefined): string {
  if (cwd === undefined) return file;
  const path = relative(cwd, file);
  return path === '' || path.startsWith('..') ? file : path;
}

/** A configuration as it was read, and the lines of its errors. */
import type { Diagnostic, Severity } from '../diagnostic.ts';
import { frameOf, positionOf, type Span } from './frame.ts';
import { dotted, type Pointer } from './pointer.ts';

/** The half of `key: value` that an error is about. */
export type Part = 'key' | 'value';

/** An error or a warning at a place of the configuration. {@link toDiagnostics} finds its line. */
export interface Finding {
  readonly severity: Severity;
  readonly pointer: Pointer;
  readonly part: Part;
  readonly message: string;
  readonly hint: string | null;
}

/** A configuration as it was read: plain data, and the place of each part in the text. */
export interface Source {
  readonly file: string;
  /** Its objects have no prototype, so that a key such as `constructor` is an ordinary key. */
  readonly data: unknown;
  /** `null` for a configuration that a module computes. */
  readonly text: string | null;
  readonly place: (pointer: Pointer, part: Part) => Span | null;
  /** A number or boolean as it is written: `1.10`, not `1.1`. `null` if that is not known. */
  readonly written: (pointer: Pointer) => string | null;
}

/** An error of the reader about the text itself. It has a place but no pointer. */
export function textDiagnostic(
  file: string,
  text: string,
  span: Span,
  message: string,
  hint: string | null = null,
  severity: Severity = 'error',
): Diagnostic {
  return { severity, file, ...positionOf(text, span.start), message, hint, frame: frameOf(text, span) };
}

/** Adds the places. The result is in the order of the file, without repetitions. */
export function toDiagnostics(source: Source, findings: readonly Finding[]): Diagnostic[] {
  const { file, text } = source;
  const diagnostics = findings.map(({ severity, pointer, part, message, hint }): Diagnostic => {
    const path = dotted(pointer);
    const named = path === '' ? message : `${path}: ${message}`;
    const span = source.place(pointer, part);
    if (text !== null && span !== null) return textDiagnostic(file, text, span, named, hint, severity);
    return { severity, file, line: null, column: null, message: named, hint, frame: null };
  });
  return inOrder(diagnostics);
}

/** Sorts by place and removes repetitions: an error in `defaults` is found once per service. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const byPlace = diagnostics.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
  const seen = new Set<string>();
  return byPlace.filter((diagnostic) => {
    const key = `${diagnostic.line ?? ''}:${diagnostic.column ?? ''}:${diagnostic.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

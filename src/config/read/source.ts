import type { Diagnostic, Severity } from '../diagnostic.ts';
import { frameOf, positionOf, type Span } from './frame.ts';
import { dotted, type Pointer } from './pointer.ts';

/** Which half of `key: value` a mistake is about. */
export type Part = 'key' | 'value';

/** A mistake or a doubt at a place of the configuration; {@link toDiagnostics} finds the line. */
export interface Mistake {
  readonly severity: Severity;
  readonly pointer: Pointer;
  readonly part: Part;
  readonly message: string;
  readonly hint: string | null;
}

/** A configuration as it was read: plain data, and where in the text each part of it stands. */
export interface Source {
  readonly file: string;
  /** Objects in it have no prototype, so that a key such as `constructor` is a key like any other. */
  readonly data: unknown;
  /** `null` for a configuration that a module computes. */
  readonly text: string | null;
  readonly place: (pointer: Pointer, part: Part) => Span | null;
  /** A number or boolean as it is written: `1.10`, not `1.1`. `null` where that is not known. */
  readonly written: (pointer: Pointer) => string | null;
}

/** The reader's own mistakes, about the text itself, have a place but no pointer. */
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

/** The mistakes with their places, in the order of the file, each said once. */
export function toDiagnostics(source: Source, mistakes: readonly Mistake[]): Diagnostic[] {
  const { file, text } = source;
  const diagnostics = mistakes.map(({ severity, pointer, part, message, hint }): Diagnostic => {
    const path = dotted(pointer);
    const named = path === '' ? message : `${path}: ${message}`;
    const span = source.place(pointer, part);
    if (text !== null && span !== null) return textDiagnostic(file, text, span, named, hint, severity);
    return { severity, file, line: null, column: null, message: named, hint, frame: null };
  });
  return inOrder(diagnostics);
}

/** Sorted by place, without repetitions: a mistake in `defaults` is found once for each service. */
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

/** Reads single values: durations, sizes, signals, commands. */
import { formatDuration, LONGEST_MS, parseDuration, type DurationFault } from '../../util/duration.ts';
import { parseSize, type SizeFault } from '../../util/size.ts';
import type { RawCommand, RawDuration } from '../schema/generated/raw.ts';
import { child, type Pointer } from '../read/pointer.ts';
import type { Severity } from '../diagnostic.ts';
import { findShellSyntax } from './shell-syntax.ts';
import { parseSignal } from './signal-names.ts';
import type { Finding, Part, Source } from '../read/source.ts';
import type { CommandTemplate, SignalName } from '../types.ts';
import { splitWords } from './words.ts';

/**
 * What the readers of the configuration need. A reader always returns a value, so that all errors are found. If there
 * is an error, the values are not used.
 */
export interface Context {
  /** The folder that relative paths start from. */
  readonly baseDir: string;
  readonly written: Source['written'];
  /** Adds an error at this place. */
  readonly error: (pointer: Pointer, message: string, hint?: string | null, part?: Part) => void;
  /** Adds a warning at this place. */
  readonly warn: Context['error'];
}

/** A context that collects errors and warnings in `findings`. */
export function collectInto(findings: Finding[], baseDir: string, written: Source['written']): Context {
  const collect =
    (severity: Severity): Context['error'] =>
    (pointer, message, hint = null, part = 'value') => {
      findings.push({ severity, pointer, part, message, hint });
    };
  return { baseDir, written, error: collect('error'), warn: collect('warning') };
}

interface Advice {
  readonly message: string;
  readonly hint: string | null;
}

/** The message for a `text` that is not a duration. */
export function describeDurationFault(text: string, reason: DurationFault): Advice {
  const example = 'for instance 10s, 1m30s or 500ms';
  switch (reason) {
    case 'empty':
      return { message: 'the duration is empty', hint: example };
    case 'negative':
      return { message: `${JSON.stringify(text)} is negative`, hint: example };
    case 'missing-unit':
      return {
        message: `${JSON.stringify(text)} has no unit`,
        hint: `write ${text.trim()}s or ${text.trim()}ms`,
      };
    case 'unknown-unit':
      return {
        message: `${JSON.stringify(text)} has an unknown unit`,
        hint: 'the units are h, m, s, ms, us and ns',
      };
    case 'not-a-duration':
      return { message: `${JSON.stringify(text)} is not a duration`, hint: example };
    case 'too-long':
      return {
        message: `${JSON.stringify(text)} is too long`,
        hint: `the longest is ${formatDuration(LONGEST_MS)}`,
      };
  }
}

/** A duration in milliseconds. `fallback` if it is not given. `positive` refuses 0. */
export function readDuration(
  raw: RawDuration | undefined,
  fallback: number,
  pointer: Pointer,
  context: Context,
  range: 'any' | 'positive' = 'any',
): number {
  if (raw === undefined) return fallback;
  const text = String(raw);
  const parsed = parseDuration(text);
  if (!parsed.ok) {
    const { message, hint } = describeDurationFault(text, parsed.reason);
    context.error(pointer, message, hint);
    return fallback;
  }
  if (range === 'positive' && parsed.value === 0) context.error(pointer, 'must be longer than 0');
  return parsed.value;
}

const SIZE_ADVICE: Readonly<Record<SizeFault, string>> = {
  'missing-unit': 'has no unit',
  'unknown-unit': 'has an unknown unit',
  'not-a-size': 'is not a size',
  zero: 'must be above 0',
  'too-large': 'is too large',
};

/** A size in bytes. `null` if it is not given. */
export function readSize(raw: string | undefined, pointer: Pointer, context: Context): number | null {
  if (raw === undefined) return null;
  const parsed = parseSize(raw);
  if (parsed.ok) return parsed.value;
  context.error(
    pointer,
    `${JSON.stringify(raw)} ${SIZE_ADVICE[parsed.reason]}`,
    'for instance 10MB, 512KiB or 1000B',
  );
  return null;
}

/** A signal's full name. The `forbidden` ones have no use at this place. */
export function readSignal(
  raw: string | undefined,
  fallback: SignalName,
  forbidden: readonly SignalName[],
  pointer: Pointer,
  context: Context,
): SignalName {
  if (raw === undefined) return fallback;
  const parsed = parseSignal(raw);
  if (!parsed.ok) {
    const { suggestion } = parsed.reason;
    const hint = suggestion === null ? null : `did you mean "${suggestion}"?`;
    context.error(pointer, `there is no signal ${JSON.stringify(raw)}`, hint);
    return fallback;
  }
  if (forbidden.includes(parsed.value)) context.error(pointer, `${parsed.value} cannot be used here`);
  return parsed.value;
}

/** The words of a command, at least one. */
export function readCommand(raw: RawCommand, pointer: Pointer, context: Context): CommandTemplate {
  const words = typeof raw === 'string' ? readText(raw, pointer, context) : readList(raw, pointer, context);
  if (words === null) return [];
  if (words.length === 0) context.error(pointer, 'the command is empty', 'give a program');
  else if (words[0]?.trim() === '') context.error(pointer, 'the name of the program is empty', null);
  return words;
}

function readText(text: string, pointer: Pointer, context: Context): CommandTemplate | null {
  const split = splitWords(text);
  if (split.ok) {
    const { words, bare } = split.value;
    const found = findShellSyntax(words, bare);
    if (found !== null) context.warn(pointer, found.message, found.hint);
    return words;
  }
  const { fault, offset } = split.reason;
  const rest = text.slice(offset, offset + 30);
  if (fault === 'unclosed-quote') context.error(pointer, `a quote is not closed: ${rest}`, 'close it');
  else context.error(pointer, 'a backslash at the end escapes nothing', 'write \\\\ for a backslash');
  return null;
}

function readList(words: readonly (string | number)[], pointer: Pointer, context: Context): CommandTemplate {
  return words.map((word, index) => textOf(word, child(pointer, index), context));
}

/** A value as text. A number is returned as it is written in the file. */
export function textOf(value: string | number | boolean, pointer: Pointer, context: Context): string {
  return typeof value === 'string' ? value : (context.written(pointer) ?? String(value));
}

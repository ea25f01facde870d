/** Replaces `%alt` by the parameter. Pure. */
import type { Parameter } from '../types.ts';

/** The escaped form first: in `%%alt` the second `%alt` is text. */
const PLACEHOLDER = /%?%alt/g;

function replace(template: string, value: string): string {
  return template.replace(PLACEHOLDER, (found) => (found === '%alt' ? value : '%alt'));
}

/**
 * Replaces each `%alt` by the parameter. `%%alt` becomes the text `%alt`. Without a parameter (`null`), `%alt` is
 * empty.
 */
export function substitute(template: string, parameter: Parameter): string {
  return replace(template, parameter ?? '');
}

/** Replaces `%alt` in the source of a regular expression. The parameter is escaped, so it matches itself. */
export function substituteInPattern(pattern: string, parameter: Parameter): string {
  return replace(pattern, (parameter ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replaceAll('-', '\\x2d'));
}

/** Whether a text contains a `%alt` to replace. `%%alt` is none. */
export function hasPlaceholder(template: string): boolean {
  return template.match(PLACEHOLDER)?.includes('%alt') ?? false;
}

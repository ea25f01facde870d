import type { Parameter } from '../types.ts';

/** The escaped form first: in `%%alt` the second `%alt` is text. */
const PLACEHOLDER = /%?%alt/g;

function replace(template: string, value: string): string {
  return template.replace(PLACEHOLDER, (found) => (found === '%alt' ? value : '%alt'));
}

/**
 * Puts the parameter in the place of every `%alt`; `%%alt` becomes the text `%alt`. Without a parameter (`null`)
 * `%alt` is empty.
 */
export function substitute(template: string, parameter: Parameter): string {
  return replace(template, parameter ?? '');
}

/** The same inside the source of a regular expression, in which the parameter stands for itself. */
export function substituteInPattern(pattern: string, parameter: Parameter): string {
  return replace(pattern, (parameter ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replaceAll('-', '\\x2d'));
}

/** Whether a text holds a `%alt` to be replaced. */
export function hasPlaceholder(template: string): boolean {
  return template.match(PLACEHOLDER)?.includes('%alt') ?? false;
}

import { DEEPEST } from './nesting.ts';
import { child, type Pointer } from './pointer.ts';
import type { Mistake } from './source.ts';

/** Plain data as the YAML reader makes it, from a value that a module computed. */
export interface Plain {
  readonly data: unknown;
  readonly mistakes: readonly Mistake[];
}

/** Copies a value into plain data: keys without a value are left out, and what is no data is a mistake. */
export function toPlain(value: unknown): Plain {
  const mistakes: Mistake[] = [];
  return { data: copy(value, '', [], mistakes), mistakes };
}

function copy(value: unknown, pointer: Pointer, around: readonly unknown[], mistakes: Mistake[]): unknown {
  const say = (message: string): null => {
    mistakes.push({ severity: 'error', pointer, part: 'value', message, hint: null });
    return null;
  };
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  if (typeof value !== 'object') return say(`a ${typeof value} is no data`);
  if (around.includes(value)) return say('holds itself');
  if (around.length === DEEPEST) return say(`nested deeper than ${DEEPEST} levels`);

  const within = [...around, value];
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => copy(item, child(pointer, index), within, mistakes));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has another Object.prototype, but that one has no prototype either.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return say(`a ${value.constructor.name} is no plain object`);
  }
  const data = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) data[key] = copy(item, child(pointer, key), within, mistakes);
  }
  return data;
}

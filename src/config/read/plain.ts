/** Turns the value that a module exports into plain data. */
import { DEEPEST } from './nesting.ts';
import { child, type Pointer } from './pointer.ts';
import type { Finding } from './source.ts';

/** Plain data, as the YAML reader returns it, from a value that a module computed. */
export interface Plain {
  readonly data: unknown;
  readonly findings: readonly Finding[];
}

/** Copies a value into plain data. Keys without a value are left out. A value that is not data is an error. */
export function toPlain(value: unknown): Plain {
  const findings: Finding[] = [];
  return { data: copy(value, '', [], findings), findings };
}

function copy(value: unknown, pointer: Pointer, around: readonly unknown[], findings: Finding[]): unknown {
  const addError = (message: string): null => {
    findings.push({ severity: 'error', pointer, part: 'value', message, hint: null });
    return null;
  };
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  if (typeof value !== 'object') return addError(`a ${typeof value} is not data`);
  if (around.includes(value)) return addError('contains itself');
  if (around.length === DEEPEST) return addError(`nested deeper than ${DEEPEST} levels`);

  const within = [...around, value];
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => copy(item, child(pointer, index), within, findings));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has another Object.prototype. That one has no prototype either.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return addError(`a ${value.constructor.name} is not a plain object`);
  }
  const data = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) data[key] = copy(item, child(pointer, key), within, findings);
  }
  return data;
}

import { failure, success, type Result } from './result.ts';

/** Why a text is not a size. */
export type SizeFault = 'missing-unit' | 'unknown-unit' | 'not-a-size' | 'zero' | 'too-large';

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
]);

const SIZE = /^(\d+(?:\.\d+)?) *([a-z]*)$/i;

/**
 * Reads a size such as `10MB` (powers of 1000), `512KiB` (powers of 1024) or `100B`, in bytes, rounded down. Upper and
 * lower case are equal.
 */
export function parseSize(text: string): Result<number, SizeFault> {
  const match = SIZE.exec(text);
  if (match === null) return failure('not-a-size');
  const [, number = '', unit = ''] = match;
  if (unit === '') return failure('missing-unit');
  const factor = BYTES_PER_UNIT.get(unit.toLowerCase());
  if (factor === undefined) return failure('unknown-unit');
  const bytes = Math.floor(Number(number) * factor);
  if (bytes === 0) return failure('zero');
  if (bytes > Number.MAX_SAFE_INTEGER) return failure('too-large');
  return success(bytes);
}

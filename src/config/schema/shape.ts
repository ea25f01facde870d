import type { RawConfig } from './generated/raw.ts';
import { validate, type SchemaError } from './generated/validator.js';
import { child, segments, type Pointer } from '../read/pointer.ts';
import { describeError, suggestionFor } from './shape-messages.ts';
import type { Mistake } from '../read/source.ts';

export interface Shape {
  /** What is left without the values that have the wrong shape; `null` when nothing can be made of the file. */
  readonly config: RawConfig | null;
  readonly mistakes: readonly Mistake[];
  /** Places about which something has been said: what is missing there is no second mistake. */
  readonly reported: ReadonlySet<Pointer>;
}

/** Keywords that say which kind of value is meant; in an `anyOf` each branch that does not fit fails with one. */
const KINDS = new Set(['type', 'const', 'enum']);

/**
 * Holds plain data against the schema. Values of the wrong shape are taken out of `data` itself, so that the rules
 * can go on with the rest and all mistakes are found at once.
 */
export function checkShape(data: unknown): Shape {
  validate(data);
  const errors = collapse(validate.errors ?? []);
  const reported = new Set<Pointer>();
  for (const error of errors) {
    const suggestion = suggestionFor(error);
    if (suggestion !== null) reported.add(child(error.instancePath, suggestion));
  }
  const mistakes = errors
    .filter((error) => error.keyword !== 'required' || !reported.has(missingKey(error)))
    .map(describeError);
  if (!isObject(data)) return { config: null, mistakes, reported };

  const nuls = findNuls(data, '');
  for (const pointer of nuls) {
    mistakes.push({
      severity: 'error',
      pointer,
      part: 'value',
      message: 'holds a NUL character',
      hint: 'no program can be given one',
    });
  }
  for (const pointer of [...errors.map(brokenPart), ...nuls.map(enclosingKey)]) {
    reported.add(pointer);
    remove(data, segments(pointer));
  }
  if (!isObject(data['services'])) data['services'] = Object.create(null);
  // The schema has nothing left to say but about patterns, which the rules check again with better words.
  return { config: data as unknown as RawConfig, mistakes, reported };
}

function missingKey(error: SchemaError): Pointer {
  return child(error.instancePath, String(error.params['missingProperty']));
}

/** Leaves one error for each mistake: an `anyOf` otherwise repeats what each of its branches would have wanted. */
function collapse(errors: readonly SchemaError[]): SchemaError[] {
  const dropped = new Set(errors.filter(isSaidByRules));
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const path = union.instancePath;
    const same = errors.filter((error) => error.instancePath === path && error !== union);
    const inside = errors.some((error) => error.instancePath.startsWith(`${path}/`));
    if (inside || same.some(({ keyword }) => !KINDS.has(keyword))) {
      // One branch was of the right kind: its own errors say it all.
      dropped.add(union);
    }
    for (const error of same) if (KINDS.has(error.keyword)) dropped.add(error);
  }
  // Which of several keys is missing or too many only matters in a mapping whose keys are all known.
  const worse = new Set(
    errors
      .filter(({ keyword }) => keyword === 'additionalProperties' || keyword === 'type')
      .map(({ instancePath }) => instancePath),
  );
  return errors.filter(
    (error) => !dropped.has(error) && !(error.keyword === 'if' && worse.has(error.instancePath)),
  );
}

/** Patterns of texts and names are checked again by rules that know why; `else: false` only repeats its `if`. */
function isSaidByRules({ keyword }: SchemaError): boolean {
  return keyword === 'pattern' || keyword === 'propertyNames' || keyword === 'false schema';
}

/** What has to go: an unknown key alone, else the whole value of the service's (or of another section's) key. */
function brokenPart(error: SchemaError): Pointer {
  if (error.keyword === 'additionalProperties') {
    return child(error.instancePath, String(error.params['additionalProperty']));
  }
  return enclosingKey(error.instancePath);
}

function enclosingKey(pointer: Pointer): Pointer {
  const way = segments(pointer);
  const depth = way[0] === 'services' ? 3 : 2;
  return way.slice(0, depth).reduce<Pointer>(child, '');
}

function remove(data: Record<string, unknown>, way: readonly string[]): void {
  const [key, ...rest] = way;
  if (key === undefined) return;
  const inner = data[key];
  if (rest.length === 0) Reflect.deleteProperty(data, key);
  else if (isObject(inner)) remove(inner, rest);
}

/** Texts that hold a NUL character: it ends a C string, so arguments, variables and paths cannot hold one. */
function findNuls(value: unknown, pointer: Pointer): Pointer[] {
  if (typeof value === 'string') return value.includes('\0') ? [pointer] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => findNuls(item, child(pointer, key)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

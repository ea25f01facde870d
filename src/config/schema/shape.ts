/** Checks plain data against the schema. */
import type { RawConfig } from './generated/raw.ts';
import { validate, type SchemaError } from './generated/validator.js';
import { child, segments, type Pointer } from '../read/pointer.ts';
import { describeError, suggestionFor } from './shape-messages.ts';
import type { Finding } from '../read/source.ts';

export interface Shape {
  /** The data without the values of the wrong shape. `null` if the file is not a mapping. */
  readonly config: RawConfig | null;
  readonly findings: readonly Finding[];
  /** The places that already have an error. A missing value there is not reported again. */
  readonly reported: ReadonlySet<Pointer>;
}

/** Keywords for the kind of a value. In an `anyOf`, each branch for another kind fails with one of them. */
const KINDS = new Set(['type', 'const', 'enum']);

/**
 * Checks plain data against the schema. Values of the wrong shape are removed from `data` itself, so that the rules can
 * check the rest and all errors are found at once.
 */
export function checkShape(data: unknown): Shape {
  validate(data);
  const errors = collapse(validate.errors ?? []);
  const reported = new Set<Pointer>();
  for (const error of errors) {
    const suggestion = suggestionFor(error);
    if (suggestion !== null) reported.add(child(error.instancePath, suggestion));
  }
  const findings = errors
    .filter((error) => error.keyword !== 'required' || !reported.has(missingKey(error)))
    .map(describeError);
  if (!isObject(data)) return { config: null, findings, reported };

  const nuls = findNuls(data, '');
  for (const pointer of nuls) {
    findings.push({
      severity: 'error',
      pointer,
      part: 'value',
      message: 'contains a NUL character',
      hint: 'remove it: arguments, variables and paths cannot contain it',
    });
  }
  for (const pointer of [...errors.map(brokenPart), ...nuls.map(enclosingKey)]) {
    reported.add(pointer);
    remove(data, segments(pointer));
  }
  if (!isObject(data['services'])) data['services'] = Object.create(null);
  // What is left fits the schema except for patterns. The rules check those, with better messages.
  return { config: data as unknown as RawConfig, findings, reported };
}

function missingKey(error: SchemaError): Pointer {
  return child(error.instancePath, String(error.params['missingProperty']));
}

/** Leaves one error per place: otherwise an `anyOf` reports what each of its branches expects. */
function collapse(errors: readonly SchemaError[]): SchemaError[] {
  const dropped = new Set(errors.filter(isSaidByRules));
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const path = union.instancePath;
    const same = errors.filter((error) => error.instancePath === path && error !== union);
    const inside = errors.some((error) => error.instancePath.startsWith(`${path}/`));
    if (inside || same.some(({ keyword }) => !KINDS.has(keyword))) {
      // One branch has the right kind. Its own errors are enough.
      dropped.add(union);
    }
    for (const error of same) if (KINDS.has(error.keyword)) dropped.add(error);
  }
  // If a mapping has an unknown key, an error about missing or conflicting keys would only distract.
  const worse = new Set(
    errors
      .filter(({ keyword }) => keyword === 'additionalProperties' || keyword === 'type')
      .map(({ instancePath }) => instancePath),
  );
  return errors.filter(
    (error) => !dropped.has(error) && !(error.keyword === 'if' && worse.has(error.instancePath)),
  );
}

/** The rules check patterns of texts and names with better messages. `else: false` only repeats its `if`. */
function isSaidByRules({ keyword }: SchemaError): boolean {
  return keyword === 'pattern' || keyword === 'propertyNames' || keyword === 'false schema';
}

/** The part to remove: an unknown key, otherwise the whole value of a key of the service or of another section. */
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

/** Finds texts with a NUL character. It ends a C string, so arguments, variables and paths cannot contain it. */
function findNuls(value: unknown, pointer: Pointer): Pointer[] {
  if (typeof value === 'string') return value.includes('\0') ? [pointer] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => findNuls(item, child(pointer, key)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

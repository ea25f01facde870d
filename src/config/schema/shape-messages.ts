/** Turns an error of the schema validator into a message and a hint. */
import { nearest } from '../../util/nearest.ts';
import type { SchemaError } from './generated/validator.js';
import { child } from '../read/pointer.ts';
import type { Finding, Part } from '../read/source.ts';

export function describeError(error: SchemaError): Finding {
  const { keyword, instancePath } = error;
  const finding = (
    message: string,
    hint: string | null,
    part: Part = 'value',
    pointer = instancePath,
  ): Finding => ({
    severity: 'error',
    pointer,
    part,
    message,
    hint,
  });
  switch (keyword) {
    case 'additionalProperties': {
      const pointer = child(instancePath, String(error.params['additionalProperty']));
      return finding('unknown key', unknownKeyHint(error), 'key', pointer);
    }
    case 'required':
      return finding(`the key "${String(error.params['missingProperty'])}" is missing`, null, 'key');
    case 'if':
      return finding(...describeExactlyOne(error), 'key');
    default:
      return finding(`expected ${expected(error)}, found ${found(error)}`, valueHint(error));
  }
}

/** The key that an unknown one was probably meant to be. */
export function suggestionFor(error: SchemaError): string | null {
  if (error.keyword !== 'additionalProperties') return null;
  return nearest(String(error.params['additionalProperty']), knownKeys(error));
}

function knownKeys({ parentSchema }: SchemaError): string[] {
  return Object.keys(parentSchema['properties'] ?? {});
}

function unknownKeyHint(error: SchemaError): string {
  const suggestion = suggestionFor(error);
  return suggestion === null
    ? `the known keys are ${knownKeys(error).join(', ')}`
    : `did you mean "${suggestion}"?`;
}

/** The `$comment` of a schema describes the expected value. */
function expected({ parentSchema }: SchemaError): string {
  const comment = parentSchema['$comment'];
  return typeof comment === 'string' ? comment : 'a mapping';
}

function found({ keyword, data }: SchemaError): string {
  if (keyword === 'minItems' && Array.isArray(data))
    return data.length === 0 ? 'an empty list' : 'a list with one item';
  if (keyword === 'minProperties') return 'an empty mapping';
  if (data === null || data === undefined) return 'nothing';
  if (data === '') return 'an empty text';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'a mapping';
  const text = typeof data === 'number' ? String(data) : JSON.stringify(data);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueHint({ parentSchema, data }: SchemaError): string | null {
  if (typeof data === 'string') {
    const suggestion = nearest(data, choices(parentSchema));
    return suggestion === null ? null : `did you mean "${suggestion}"?`;
  }
  if (typeof data !== 'number') return null;
  const title = parentSchema['title'];
  if (title === 'Duration' || title === 'DurationOrNever') {
    return data < 0 ? 'a duration cannot be negative' : `add a unit: ${data}s or ${data}ms`;
  }
  if (title === 'Size') return `add a unit: ${data}B or ${data}MB`;
  return parentSchema['type'] === 'string' ? 'put quotes around it' : null;
}

/** The fixed texts that a schema allows, if it lists any. */
function choices(schema: Readonly<Record<string, unknown>>): string[] {
  const branches = [schema, ...((schema['anyOf'] ?? []) as Readonly<Record<string, unknown>>[])];
  return branches
    .flatMap((branch) => (branch['enum'] ?? []) as unknown[])
    .filter((value) => typeof value === 'string');
}

/** The schema has `if: oneOf: required` if exactly one of several keys must be given. */
function describeExactlyOne({ data, parentSchema }: SchemaError): [message: string, hint: string] {
  const condition = parentSchema['if'] as { readonly oneOf: readonly { required: [string] }[] };
  const keys = condition.oneOf.map(({ required: [key] }) => key);
  const given = keys.filter((key) => Object.hasOwn(data as object, key));
  const hint = `give exactly one of ${keys.slice(0, -1).join(', ')} and ${keys.at(-1) ?? ''}`;
  return [given.length === 0 ? 'a key is missing' : `${given.join(' and ')} cannot be used together`, hint];
}

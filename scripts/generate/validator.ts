import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { Ajv, type AnySchema } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import type { Schema } from './reference.ts';

const root = new URL('../..', import.meta.url);
const schemaFile = new URL('schema/alternate.schema.json', root);
const validatorFile = new URL('src/config/schema/generated/validator.js', root);

export async function readSchema(): Promise<Schema> {
  return JSON.parse(await readFile(schemaFile, 'utf8')) as Schema;
}

/**
 * Compiles the schema to a validator that needs no ajv at run time. `verbose` puts the schema and the value into each
 * error: messages are made of them. `unicode: false` counts UTF-16 units, which is enough to tell an empty text and needs no import;
 * that option is deprecated with a warning, which is why the logger is off.
 */
export async function writeValidator(): Promise<void> {
  const schema = await readSchema();
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    unicode: false,
    logger: false,
    allowUnionTypes: true,
    strictRequired: false,
    code: { source: true, esm: true, optimize: 2 },
  });
  const code = standalone.default(ajv, ajv.compile(withoutProse(schema) as AnySchema));
  if (code.includes('require(')) throw new Error('the validator would need a module at run time');
  await mkdir(new URL('.', validatorFile), { recursive: true });
  // Whole or not at all: another build may read it at this moment.
  const aside = new URL(`${validatorFile.href}.${process.pid}`);
  await writeFile(
    aside,
    `/* Generated from schema/alternate.schema.json by scripts/generate.ts. */\n${code}`,
  );
  await rename(aside, validatorFile);
}

/** What only people and editors read would be parsed at every start; `$comment` goes into messages. */
function withoutProse(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutProse);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => !(key === 'description' && typeof value === 'string') && key !== 'examples',
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutProse(value)]));
}

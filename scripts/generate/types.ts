import { compile, type JSONSchema } from 'json-schema-to-typescript';

const BANNER = `/**
 * The configuration as it is written in a file, before defaults are filled in. Generated from
 * schema/alternate.schema.json by scripts/generate.ts: do not edit.
 */`;

/** The TypeScript types of the raw configuration. */
export async function rawTypes(schema: object): Promise<string> {
  return compile(withoutDefaults(schema), 'Config', {
    bannerComment: BANNER,
    customName: (definition) => (definition.title ? `Raw${definition.title}` : undefined),
    style: { singleQuote: true, printWidth: 110 },
  });
}

/** A default makes the generator add a type of its own (`Duration & string`), which says nothing new. */
function withoutDefaults(schema: object): JSONSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === 'default' ? undefined : value,
  ) as JSONSchema;
}

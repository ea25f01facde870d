import type { RawConfig } from './raw.ts';

/** An error of ajv with `verbose`; `schema` is the keyword's value, `parentSchema` what it stands in. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly schema: unknown;
  readonly parentSchema: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

interface Validate {
  (data: unknown): data is RawConfig;
  errors?: SchemaError[] | null;
}

/** Compiled from the schema by `scripts/generate.ts`. */
export const validate: Validate;

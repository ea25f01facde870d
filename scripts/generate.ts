/**
 * Generates what follows from schema/alternate.schema.json: the types of the raw configuration, the reference for
 * people, and the validator. With --check it writes nothing, and exits 1 naming each committed file that has drifted.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { reference } from './generate/reference.ts';
import { rawTypes } from './generate/types.ts';
import { readSchema, writeValidator } from './generate/validator.ts';

export { writeValidator };

const root = new URL('..', import.meta.url);

/** The generated files that are committed, by their path from the root. */
export async function committedOutputs(): Promise<Map<string, string>> {
  const schema = await readSchema();
  return new Map([
    ['src/config/schema/generated/raw.ts', await rawTypes(schema)],
    ['docs/configuration.md', reference(schema)],
  ]);
}

export async function drifted(outputs: ReadonlyMap<string, string>): Promise<string[]> {
  const names: string[] = [];
  for (const [name, text] of outputs) {
    const current = await readFile(new URL(name, root), 'utf8').catch(() => null);
    if (current !== text) names.push(name);
  }
  return names;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const outputs = await committedOutputs();
  if (argv.includes('--check')) {
    for (const name of await drifted(outputs)) {
      console.error(`${name} does not follow from the schema: run \`npm run generate\``);
      process.exitCode = 1;
    }
  } else {
    for (const [name, text] of outputs) await writeFile(new URL(name, root), text);
    await writeValidator();
  }
}

/**
 * Generates what follows from schema/alternate.schema.json: the types of the raw configuration, the reference for
 * people, and the validator; and the machine code that follows from src/output/lines/line-machine.wat. With --check it
 * writes nothing, and exits 1 naming each committed file that has drifted.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { lineMachineCode } from './generate/line-machine.ts';
import { reference } from './generate/reference.ts';
import { rawTypes } from './generate/types.ts';
import { readSchema, writeValidator } from './generate/validator.ts';

const root = new URL('..', import.meta.url);

/** The generated files that are committed, by their path from the root. */
export async function committedOutputs(): Promise<Map<string, string>> {
  const schema = await readSchema();
  return new Map([
    ['src/config/schema/generated/raw.ts', await rawTypes(schema)],
    ['docs/configuration.md', reference(schema)],
    ['src/output/lines/line-machine-code.ts', await lineMachineCode()],
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
      console.error(`${name} does not follow from its source: run \`npm run generate\``);
      process.exitCode = 1;
    }
  } else {
    for (const [name, text] of outputs) await writeFile(new URL(name, root), text);
    await writeValidator();
  }
}

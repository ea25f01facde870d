import { readFile } from 'node:fs/promises';
import prettier from 'prettier';
import wabt from 'wabt';

const source = new URL('../../src/output/lines/line-machine.wat', import.meta.url);

/** The WebAssembly of src/output/lines as a module of TypeScript, which is bundled without a file beside it. */
export async function lineMachineCode(): Promise<string> {
  const toolkit = await wabt();
  const module = toolkit.parseWat('line-machine.wat', await readFile(source));
  try {
    module.validate();
    const { buffer } = module.toBinary({});
    const text = `/** Generated from line-machine.wat by scripts/generate.ts: do not edit. */
export const LINE_MACHINE_CODE = Buffer.from('${Buffer.from(buffer).toString('base64')}', 'base64');`;
    return await prettier.format(text, { parser: 'typescript', singleQuote: true, printWidth: 110 });
  } finally {
    module.destroy();
  }
}

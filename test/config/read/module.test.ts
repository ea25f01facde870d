import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { readModule } from '../../../src/config/read/module.ts';
import { makeFolder, errorsOf } from '../folder.ts';

let bundle: string;

/** The test runner takes every `import()` into its own hands; how modules are cached only shows in plain Node. */
beforeAll(async () => {
  bundle = join(await makeFolder({ 'package.json': '{ "type": "module" }' }), 'load.js');
  await build({
    entryPoints: [fileURLToPath(new URL('../../../src/config/load.ts', import.meta.url))],
    outdir: dirname(bundle),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    external: ['typescript'],
    banner: {
      js: "import { createRequire as from } from 'node:module'; const require = from(import.meta.url);",
    },
    logLevel: 'error',
  });
});

/** Searches from the file's folder and loads it in a process of plain Node, overwrites the file, and does so again. */
function reloadInNode(file: string, next: string): unknown {
  const script = `
    import { writeFileSync } from 'node:fs';
    const { loadConfig } = await import(${JSON.stringify(pathToFileURL(bundle).href)});
    const [file, next] = process.argv.slice(1);
    const load = async () => {
      const result = await loadConfig({ cwd: process.cwd() });
      return result.ok ? result.config.services[0].overlapMs : result.diagnostics;
    };
    const first = await load();
    writeFileSync(file, next);
    console.log(JSON.stringify([first, await load()]));`;
  const args = ['--input-type=module', '--eval', script, '--', file, next];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: dirname(file), encoding: 'utf8' }));
}

const esm = (overlap: string) =>
  `export default { services: { api: { command: 'x', overlap: ${overlap} } } };`;
const cjs = (overlap: string) =>
  `module.exports = { services: { api: { command: 'x', overlap: ${overlap} } } };`;

describe('a configuration that is a module', () => {
  test.each([
    ['alternate.config.mjs', esm, {}],
    ['alternate.config.js', esm, { 'package.json': '{ "type": "module" }' }],
    ['alternate.config.js', cjs, { 'package.json': '{ "type": "commonjs" }' }],
    ['alternate.config.cjs', cjs, {}],
    ['a b & 100%/.alternaterc.cjs', cjs, {}],
  ])('%s is run, and run again for a reload', async (name, write, files) => {
    const folder = await makeFolder({ ...files, [name]: write("'1s'") });
    expect(reloadInNode(join(folder, name), write("'2s'"))).toEqual([1000, 2000]);
  });

  test('is found by the search', async () => {
    const folder = await makeFolder({ 'alternate.config.mjs': esm("'1s'") });
    const result = await loadConfig({ cwd: folder });
    expect(result).toMatchObject({ ok: true, config: { path: join(folder, 'alternate.config.mjs') } });
  });

  test('may compute what it exports, keys without a value included', async () => {
    const text = `const parameters = [1, 2].map((n) => n * 1.5);
export default { control: undefined, services: { api: { command: ['x'], parameters, env: undefined } } };`;
    const folder = await makeFolder({ 'a.mjs': text });
    const result = await loadConfig({ file: 'a.mjs', cwd: folder });
    expect(result.ok && result.config.services[0]?.parameters).toEqual(['1.5', '3']);
  });

  test('has errors without a line', async () => {
    expect(await errorsOf(esm('5'), 'a.mjs')).toEqual([
      '- services.api.overlap: expected a duration such as 10s, 1m30s or 500ms, found 5 (add a unit: 5s or 5ms)',
    ]);
  });

  test.each([
    [
      'export default () => ({})',
      '- the module exports no configuration (export default { services: { … } })',
    ],
    [
      'export const services = {}',
      '- the module exports no configuration (export default { services: { … } })',
    ],
    ['export default null', '- the module exports no configuration (export default { services: { … } })'],
    ['export default []', '- expected a mapping with services, found a list'],
    ['const a = 1;\n  missing();', '2:3 the module cannot be run: ReferenceError: missing is not defined'],
    ['throw "no"', '- the module throws no'],
    ['const o = {}; o.services = o; export default o', '- services: contains itself'],
    [
      'export default { services: { api: { command: () => 1 } } }',
      '- services.api.command: a function is not data',
    ],
    [
      'export default { services: { api: { command: "x", overlap: 10n } } }',
      '- services.api.overlap: a bigint is not data',
    ],
    ['export default { services: new Map() }', '- services: a Map is not a plain object'],
    [
      'export default { services: { a: { command: "x\\0" } } }',
      '- services.a.command: contains a NUL character (remove it: arguments, variables and paths cannot contain it)',
    ],
  ])('%s', async (text, error) => {
    expect(await errorsOf(text, 'a.mjs')).toEqual([error]);
  });

  test('names the place of an error in its syntax', async () => {
    const folder = await makeFolder({ '.alternaterc.mjs': 'export default {\n  services: }\n' });
    expect(reloadInNode(join(folder, '.alternaterc.mjs'), '\n\nconst 5;')).toEqual([
      [
        expect.objectContaining({
          line: 2,
          message: "the module cannot be run: SyntaxError: Unexpected token '}'",
        }),
      ],
      [
        expect.objectContaining({
          line: 3,
          message: 'the module cannot be run: SyntaxError: Unexpected number',
        }),
      ],
    ]);
  });

  test.each([
    ['a.mjs', 'await new Promise(() => {}); export default {}'],
    ['a.mjs', "await import('./b.mjs'); export default {}"],
  ])('%s: %s is given up after a while, and again for the next reload', async (name, text) => {
    const folder = await makeFolder({ [name]: text, 'b.mjs': 'await new Promise(() => {})' });
    const file = join(folder, name);
    const overdue = {
      file,
      message: 'the module is not finished after 50ms',
      hint: 'it awaits something that does not happen: check each `await` outside of functions',
    };
    for (let time = 0; time < 2; time++)
      expect(await readModule(file, 50)).toMatchObject({ ok: false, diagnostics: [overdue] });
  });

  test('has no package.json that blocks', async () => {
    const folder = await makeFolder({ 'a/b.mjs': esm("'1s'") });
    execFileSync('mkfifo', [join(folder, 'package.json')]);
    const result = await loadConfig({ file: 'a/b.mjs', cwd: folder });
    expect(result).toMatchObject({
      diagnostics: [
        {
          file: join(folder, 'package.json'),
          message: 'cannot be read: it is a FIFO, not a regular file',
        },
      ],
    });
  });

  test('cannot pollute the prototype', async () => {
    const text = `export default JSON.parse('{"services":{"api":{"command":"x","__proto__":{"polluted":1}}}}')`;
    expect(await errorsOf(text, 'a.mjs')).toEqual([
      expect.stringContaining('services.api.__proto__: unknown key'),
    ]);
    expect({}).not.toHaveProperty('polluted');
  });
});

import { expect, test } from 'vitest';
import { compareServices } from '../../src/config/compare.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ServiceConfig } from '../../src/config/types.ts';
import { addFile, makeFolder } from './folder.ts';

async function load(services: string): Promise<readonly ServiceConfig[]> {
  const folder = await makeFolder();
  await addFile(folder, 'alternate.config.yaml', `services:\n${services}`);
  const result = await loadConfig({ cwd: folder });
  if (!result.ok) throw new Error(`refused: ${result.diagnostics.map(({ message }) => message).join()}`);
  return result.config.services.map((service) => ({ ...service, baseDir: '/srv', cwd: '/srv' }));
}

test('tells which services are new, other or the same, and which are gone', async () => {
  const before = await load(
    '  a: { command: x }\n  b: { command: x, env: { A: 1, B: 2 } }\n  c: { command: x }\n',
  );
  const after = await load(
    '  d: { command: x }\n  c: { command: x, env: { A: 1 } }\n  b: { env: { B: 2, A: 1 }, command: [x], overlap: 10000ms }\n',
  );
  expect(compareServices(before, after)).toEqual({
    added: ['d'],
    removed: ['a'],
    changed: ['c'],
    applied: [],
    unchanged: ['b'],
  });
  expect(compareServices(after, after)).toEqual({
    added: [],
    removed: [],
    changed: [],
    applied: [],
    unchanged: ['d', 'c', 'b'],
  });
});

const web = 'command: ./x %alt, parameters: [1, 2]';

test.each([
  ['overlap', `  a: { ${web} }\n`, `  a: { ${web}, overlap: 1s }\n`, 'applied'],
  ['stop', `  a: { ${web} }\n`, `  a: { ${web}, stop: { signal: QUIT } }\n`, 'applied'],
  ['restart', `  a: { ${web} }\n`, `  a: { ${web}, restart: never }\n`, 'applied'],
  ['watch', `  a: { ${web} }\n`, `  a: { ${web}, watch: true }\n`, 'applied'],
  ['hooks', `  a: { ${web} }\n`, `  a: { ${web}, hooks: { afterRotate: ./say } }\n`, 'applied'],
  [
    'onRotate of a service without parameters',
    '  a: { command: x }\n',
    '  a: { command: x, onRotate: HUP }\n',
    'applied',
  ],
  ['env', `  a: { ${web} }\n`, `  a: { ${web}, env: { A: 1 } }\n`, 'changed'],
  ['ready', `  a: { ${web} }\n`, `  a: { ${web}, ready: { output: up } }\n`, 'changed'],
  ['parameters', `  a: { ${web} }\n`, '  a: { command: ./x %alt, parameters: [1, 2, 3] }\n', 'changed'],
  ['parameters at all', `  a: { ${web} }\n`, '  a: { command: ./x %alt }\n', 'changed'],
  ['a setting and more', `  a: { ${web} }\n`, `  a: { ${web}, overlap: 1s, env: { A: 1 } }\n`, 'changed'],
] as const)('%s', async (_what, before, after, kind) => {
  expect(compareServices(await load(before), await load(after))[kind]).toEqual(['a']);
});

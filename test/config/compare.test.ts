import { expect, it } from 'vitest';
import { compareConfigs } from '../../src/config/compare.ts';
import { loadConfig } from '../../src/config/load.ts';
import { addFile, makeFolder } from './folder.ts';

it('tells which services are new, other, the same or gone', async () => {
  const folder = await makeFolder();
  const load = async (services: string) => {
    await addFile(folder, 'alternate.config.yaml', `services:\n${services}`);
    const result = await loadConfig({ cwd: folder });
    if (!result.ok) throw new Error('refused');
    return result.config;
  };
  const before = await load(
    '  a: { command: x }\n  b: { command: x, env: { A: 1, B: 2 } }\n  c: { command: x }\n',
  );
  const after = await load(
    '  d: { command: x }\n  c: { command: x, env: { A: 1 } }\n  b: { env: { B: 2, A: 1 }, command: [x], overlap: 10000ms }\n',
  );
  expect(compareConfigs(before, after)).toEqual({
    added: ['d'],
    removed: ['a'],
    changed: ['c'],
    unchanged: ['b'],
  });
  expect(compareConfigs(after, after)).toEqual({
    added: [],
    removed: [],
    changed: [],
    unchanged: ['d', 'c', 'b'],
  });
});

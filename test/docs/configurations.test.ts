import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostic.ts';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryFolder, writeConfig } from '../support/alternate.ts';
import { fences, root } from './pages.ts';

/** Every error, and every warning about the file itself, that `alternate validate` would report. */
async function errorsOf(yaml: string): Promise<string[]> {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  // Folders that examples work in.
  for (const name of ['current', 'releases', 'slots/3000', 'slots/3001'])
    mkdirSync(path.join(folder.path, name), { recursive: true });
  const loaded = await loadConfig({ file: writeConfig(folder.path, yaml), cwd: folder.path });
  const found = loaded.ok ? loaded.warnings : loaded.diagnostics;
  return found.map((diagnostic) => formatDiagnostic(diagnostic, folder.path));
}

describe('every YAML fence is a configuration without errors', () => {
  const all = fences('yaml');

  test('there are some', () => {
    expect(all.length).toBeGreaterThan(10);
  });

  test.each(all.map((fence) => [`${fence.page}:${fence.line}`, fence.text] as const))(
    '%s',
    async (_place, text) => {
      expect(await errorsOf(text)).toEqual([]);
    },
  );
});

test('an error in one would be seen', async () => {
  expect(await errorsOf('services: { api: { comand: x } }')).not.toEqual([]);
});

const examples = readdirSync(path.join(root, 'examples')).map(
  (name) => `examples/${name}/alternate.config.yaml`,
);

test.each(['alternate.config.yaml', ...examples.filter((name) => existsSync(path.join(root, name)))])(
  '%s of the repository has none',
  async (name) => {
    const loaded = await loadConfig({ file: path.join(root, name), cwd: root });
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
  },
);

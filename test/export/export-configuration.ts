import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import type { Exported } from '../../src/export/exported.ts';
import { temporaryFolder, writeConfig } from '../support/alternate.ts';

export const origin = { command: 'alternate export x', config: '/srv/site/alternate.config.yaml' };

/** A configuration as it is read, its folder renamed to /srv/site. */
export async function configOf(yaml: string): Promise<Config> {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  const loaded = await loadConfig({ file: writeConfig(folder.path, yaml), cwd: folder.path });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  return JSON.parse(JSON.stringify(loaded.config).replaceAll(folder.path, '/srv/site')) as Config;
}

/** The text of an export that is expected to succeed. */
export function textOf(exported: Exported): string {
  if (!exported.ok) throw new Error(exported.message);
  return exported.text;
}

/** The lines that are not comments and not empty, without what stands left of them. */
export function settingsOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line));
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/state-table.ts', import.meta.url));

test('docs/state-machine.md is what the machine does', async () => {
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--check'], {
    timeout: 50_000,
  });
  expect(stderr).toBe('');
});

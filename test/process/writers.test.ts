import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inspect } from '../../src/triggers/watch/stat-identity.ts';
import { findWriter, isStillWriting } from '../../src/process/writers.ts';
import { put, temporaryFolder } from '../triggers/watch/folder.ts';

/** A shell that holds `path` open in this mode until its stdin ends. */
async function holdOpen(
  redirection: string,
  path: string,
): Promise<{ pid: string; release(): Promise<void> }> {
  const shell = spawn('sh', ['-c', `exec 7${redirection}"$0"; echo open; read line`, path]);
  onTestFinished(() => {
    shell.kill('SIGKILL');
  });
  await once(shell.stdout, 'data');
  return {
    pid: String(shell.pid),
    release: async () => {
      const exited = once(shell, 'exit');
      shell.stdin.end();
      await exited;
    },
  };
}

describe.runIf(process.platform === 'linux')('findWriter', () => {
  test.each(['>>', '<>'])(
    'finds a process that has the file open with %s, until it is gone',
    async (mode) => {
      const path = put(`${temporaryFolder()}/app`, 'one');
      const { files } = inspect([path]);
      const holder = await holdOpen(mode, path);
      const writer = await findWriter(files);
      expect(writer).toMatchObject({ pid: holder.pid, descriptor: '7' });
      if (writer === null) return;
      expect(isStillWriting(writer)).toBe(true);
      await holder.release();
      expect(isStillWriting(writer)).toBe(false);
      expect(await findWriter(files)).toBeNull();
    },
  );

  test('does not mind readers, or writers of a file of the same name', async () => {
    const folder = temporaryFolder();
    const path = put(`${folder}/app`, 'one');
    await holdOpen('<', path);
    await holdOpen('>>', put(`${folder}/elsewhere/app`, ''));
    expect(await findWriter(inspect([path]).files)).toBeNull();
  });

  test('answers all who ask at once, each for its own files', async () => {
    const folder = temporaryFolder();
    put(`${folder}/dist/a`, '1');
    const descriptor = openSync(put(`${folder}/dist/b`, '2'), 'a');
    const [below, alone, other] = await Promise.all([
      findWriter(inspect([`${folder}/dist`]).files),
      findWriter(inspect([`${folder}/dist/b`]).files),
      findWriter(inspect([`${folder}/dist/a`]).files),
    ]);
    closeSync(descriptor);
    expect(below).toMatchObject({ pid: String(process.pid), descriptor: String(descriptor) });
    expect(alone).toEqual(below);
    expect(other).toBeNull();
  });
});

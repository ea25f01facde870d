/** What the log prints of an exception that nothing catches: where it was thrown, in the TypeScript. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Alternate, temporaryFolder } from '../support/alternate.ts';

/** At SIGWINCH, which alternate does not handle, the next read of its clock throws: that of a request to rotate. */
const CONFIG = `
const now = performance.now.bind(performance);
process.on('SIGWINCH', () => {
  performance.now = () => {
    performance.now = now;
    throw new Error('provoked');
  };
  process.emit('SIGUSR1', 'SIGUSR1');
});
export default { control: { socket: false }, services: { api: { command: 'sleep 300%alt', parameters: [1, 2], overlap: '0s' } } };
`;

function start(level: string): Alternate {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder.path, 'alternate.config.mjs'), CONFIG);
  const words = ['--log-level', level, '--config', 'alternate.config.mjs'];
  const alternate = new Alternate(words, { cwd: folder.path });
  onTestFinished(async () => {
    await alternate.discard();
    folder.remove();
  });
  return alternate;
}

test.each([
  ['info', /bug in alternate\. Please report it: provoked \(src\/cli\/run\/clock\.ts:\d+\)$/m],
  ['debug', /bug in alternate\. Please report it: Error: provoked$/m],
])('at level %s it names lines of the sources, and the manager goes on', async (level, line) => {
  const alternate = start(level);
  await alternate.logged(/api: running on 1/);
  alternate.child.kill('SIGWINCH');
  await alternate.logged(line);
  if (level === 'debug') {
    await alternate.logged(/ at .*\(src\/manager\/runner\.ts:\d+\)$/m);
    expect(alternate.stderr).not.toMatch(/\.cjs:\d/);
  }
  alternate.child.kill('SIGUSR1');
  await alternate.logged(/api: rotated 1 -> 2/);
  expect(await alternate.stop()).toMatchObject({ code: 0 });
});

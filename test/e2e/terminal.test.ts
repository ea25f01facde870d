import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Alternate } from '../support/alternate.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const web: RawService = { command: 'sleep 300', parameters: ['a', 'b'], overlap: '500ms' };
const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

/** A client command on a terminal of its own: script(1) of util-linux. Both streams of it come on stdout. */
function onTerminal(theatre: Theatre, words: string, env: Record<string, string> = {}): Alternate {
  return new Alternate([], {
    cwd: theatre.folder,
    env: { TERM: 'xterm', NO_COLOR: '', ...env },
    through: ['sh', '-c', `exec script -qec "$0 ${words}" /dev/null`],
  });
}

async function running(): Promise<Theatre> {
  const theatre = await Theatre.open();
  theatre.start({ web });
  await theatre.running('web');
  return theatre;
}

describe.skipIf(!hasScript)('on a terminal (needs script of util-linux)', () => {
  test('rotate shows how far it is, clears that, and ends with one coloured line', async () => {
    const theatre = await running();
    const { code, stdout } = await until('the end', onTerminal(theatre, 'rotate web').ended);
    expect(code).toBe(0);
    expect(stdout).toMatch(/web: overlap of 500ms … \d\.\ds/);
    const lastClear = stdout.lastIndexOf('\u001b[0J') + '\u001b[0J'.length;
    expect(stdout.slice(lastClear)).toMatch(/^\u001b\[32mweb: rotated a -> b in \S+\u001b\[39m\r\n$/);
  });

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])(
    'with %o there is neither colour nor movement',
    async (env) => {
      const theatre = await running();
      const rotated = await until('the end', onTerminal(theatre, 'rotate web', env).ended);
      expect(rotated.stdout).toMatch(/^web: rotated a -> b in \S+\r\n$/);
      const status = await until('the end', onTerminal(theatre, 'status', env).ended);
      expect(status.stdout).toMatch(/^SERVICE +STATE/);
      expect(status.stdout).not.toContain('\u001b');
    },
  );

  test('status is coloured, and --watch redraws from the top', async () => {
    const theatre = await running();
    const status = await until('the end', onTerminal(theatre, 'status').ended);
    expect(status.stdout).toContain('\u001b[32mrunning');
    const watching = onTerminal(theatre, 'status --watch');
    await until('a table', () => watching.stdout.includes('running'));
    await theatre.rotate('web');
    await until('the new parameter', () => /running\u001b\[39m +b /.test(watching.stdout));
    await theatre.alternate.stop();
    expect((await until('the end', watching.ended)).code).toBe(1);
    expect(watching.stdout.startsWith('\u001b[H\u001b[2J')).toBe(true);
  });
});

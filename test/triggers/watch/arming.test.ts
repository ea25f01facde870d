import { describe, expect, test } from 'vitest';
import { createArming } from '../../../src/triggers/watch/arming.ts';
import type { HintPaths, OpenHints } from '../../../src/triggers/watch/hints.ts';

const at = (path: string): HintPaths => ({ files: [path], names: [], folders: [] });

/** Sources that open when told to, and a log of what happened. */
function fakeSources(): { open: OpenHints; log: string[]; letOpen: () => Promise<void> } {
  const log: string[] = [];
  let release = (): void => undefined;
  return {
    log,
    open: async ({ files: [path = ''] }) => {
      log.push(`opening ${path}`);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      log.push(`open ${path}`);
      return {
        close: () => {
          log.push(`closed ${path}`);
          return Promise.resolve();
        },
      };
    },
    letOpen: async () => {
      release();
      await new Promise(setImmediate);
    },
  };
}

describe('arming', () => {
  test('closes the old source when the new one listens, then hints', async () => {
    const { open, log, letOpen } = fakeSources();
    const arming = createArming(
      open,
      () => log.push('hint'),
      () => undefined,
    );
    arming.aim('a', at('a'));
    arming.aim('a', at('a'));
    await letOpen();
    arming.aim('b', at('b'));
    await letOpen();
    await arming.close();
    expect(log).toEqual([
      ...['opening a', 'open a', 'hint'],
      ...['opening b', 'open b', 'closed a', 'hint'],
      'closed b',
    ]);
  });

  test('goes on to the last aim when it changed while opening', async () => {
    const { open, log, letOpen } = fakeSources();
    const arming = createArming(
      open,
      () => undefined,
      () => undefined,
    );
    for (const path of ['a', 'b', 'c']) arming.aim(path, at(path));
    await letOpen();
    await letOpen();
    expect(log).toEqual(['opening a', 'open a', 'opening c', 'open c', 'closed a']);
  });

  test('closes a source that was still being opened, without a hint', async () => {
    const { open, log, letOpen } = fakeSources();
    const arming = createArming(
      open,
      () => log.push('hint'),
      () => undefined,
    );
    arming.aim('a', at('a'));
    const closed = arming.close();
    await letOpen();
    await closed;
    arming.aim('b', at('b'));
    expect(log).toEqual(['opening a', 'open a', 'closed a']);
  });

  test('reports a source that cannot be opened, and tries the next aim', async () => {
    const log: string[] = [];
    const open: OpenHints = () => Promise.reject(new Error('no such module'));
    const arming = createArming(
      open,
      () => log.push('hint'),
      (reason) => log.push(reason),
    );
    arming.aim('a', at('a'));
    await new Promise(setImmediate);
    arming.aim('b', at('b'));
    await arming.close();
    expect(log).toEqual(['no such module', 'hint', 'no such module']);
  });
});

import { EventEmitter, once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FolderBlindWatcher } from '../../../src/triggers/watch/folder-blind-watcher.ts';
import { openChokidarHints, type HintPaths } from '../../../src/triggers/watch/hints.ts';
import { point, put, replace, temporaryFolder } from './folder.ts';

const nothing: HintPaths = { files: [], names: [], folders: [] };

interface Listener {
  /** Does something and resolves at the next hint. */
  hintAt: (action: () => void) => Promise<void>;
  count: () => number;
}

async function listen(wanted: Partial<HintPaths>): Promise<Listener> {
  const hints = new EventEmitter();
  let count = 0;
  const paths = { ...nothing, ...wanted };
  const open = await openChokidarHints(
    paths,
    () => {
      count += 1;
      hints.emit('hint');
    },
    (reason) => hints.emit('error', new Error(reason)),
  );
  onTestFinished(() => open.close());
  return {
    count: () => count,
    hintAt: async (action) => {
      const hinted = once(hints, 'hint', { signal: AbortSignal.timeout(30_000) });
      action();
      await hinted;
    },
  };
}

describe('openChokidarHints', () => {
  test('hints at a write to a file, and at a rename over it', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const file = await listen({ files: [path] });
    await file.hintAt(() => {
      writeFileSync(path, 'two');
    });
    const again = await listen({ files: [path] });
    await again.hintAt(() => {
      replace(path, 'three');
    });
  });

  test('hints at a link that is re-pointed, and not at its neighbours', async () => {
    const folder = temporaryFolder();
    symlinkSync('nowhere', `${folder}/current`);
    const link = await listen({ names: [`${folder}/current`] });
    const neighbour = await listen({ names: [`${folder}/app.log`] });
    const others = link.count();
    await neighbour.hintAt(() => {
      writeFileSync(`${folder}/app.log`, 'a line');
    });
    // Both hear an event in one turn of the event loop, in any order.
    await nextTurn();
    expect(link.count()).toBe(others);
    await link.hintAt(() => {
      point(`${folder}/current`, 'elsewhere');
    });
  });

  test('reads no folder that it watches', async () => {
    const folder = temporaryFolder();
    put(`${folder}/app.log`, '');
    const watcher = new FolderBlindWatcher({ persistent: false });
    onTestFinished(() => watcher.close());
    const ready = once(watcher, 'ready');
    watcher.add(folder);
    await ready;
    expect(watcher.getWatched()[folder]).toEqual([]);
  });

  test('hints at every entry of a folder', async () => {
    const folder = temporaryFolder();
    const hinted = await listen({ folders: [folder] });
    await hinted.hintAt(() => {
      put(`${folder}/new.js`, '');
    });
    await hinted.hintAt(() => {
      mkdirSync(`${folder}/sub`);
    });
  });

  test('names the setting when a limit of inotify is reached', async () => {
    const reasons: string[] = [];
    const path = put(`${temporaryFolder()}/app`, 'one');
    const failing = Object.assign(new Error('watch failed'), { code: 'ENOSPC' });
    const { FSWatcher } = await import('chokidar');
    const original = Object.getOwnPropertyDescriptor(FSWatcher.prototype, 'add');
    FSWatcher.prototype.add = function (this: InstanceType<typeof FSWatcher>) {
      setImmediate(() => {
        this.emit('error', failing);
        this.emit('ready');
      });
      return this;
    };
    onTestFinished(() => {
      if (original !== undefined) Object.defineProperty(FSWatcher.prototype, 'add', original);
    });
    const open = await openChokidarHints(
      { ...nothing, files: [path] },
      () => undefined,
      (reason) => reasons.push(reason),
    );
    await open.close();
    expect(reasons).toEqual(['the limit of watches is reached (raise sysctl fs.inotify.max_user_watches)']);
  });
});

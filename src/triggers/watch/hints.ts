/** Hints that something changed near the watched paths. A hint can be wrong; the caller looks at the files. */
import { dirname, join } from 'node:path';

/** The places where changes of a watched program are visible: absolute paths without links in their folders. */
export interface HintPaths {
  /** Existing files, watched by their inodes. Changes of other files in their folders cost nothing. */
  readonly files: readonly string[];
  /** Links and missing files, watched by their names in their folders. */
  readonly names: readonly string[];
  /** Folders in which every direct entry matters. */
  readonly folders: readonly string[];
}

/** An open source of hints. */
export interface Hints {
  close(): Promise<void>;
}

/**
 * Opens a source of hints and resolves when it listens. `hint`: something may have changed. `failed`: some or all hints
 * will not come; the reason is for people.
 */
export type OpenHints = (
  paths: HintPaths,
  hint: () => void,
  failed: (reason: string) => void,
) => Promise<Hints>;

/**
 * Hints from chokidar, which is loaded when the first program is watched.
 *
 * Two defaults of chokidar are turned off:
 * - It reads a whole folder at every event in it (folder-blind-watcher.ts). Here folders are never read, and only the raw
 *   events are used.
 * - With `persistent`, watchers of one process share their handle on a file. If two services watch one program, both get
 *   no events after the first rename over it.
 */
export const openChokidarHints: OpenHints = async (paths, hint, failed) => {
  const { FolderBlindWatcher } = await import('./folder-blind-watcher.ts');
  const watcher = new FolderBlindWatcher({
    persistent: false,
    followSymlinks: false,
    ignoreInitial: true,
    atomic: false,
  });
  const whole = new Set([...paths.files, ...paths.folders]);
  const names = new Set(paths.names);
  // Some platforms report no name (see fs.watch). The types of chokidar do not show this.
  watcher.on('raw', (_event: string, name: string | null, details: unknown) => {
    const watched = watchedPathOf(details);
    if (watched === undefined || whole.has(watched) || name === null || names.has(join(watched, name)))
      hint();
  });
  watcher.on('error', (error) => {
    failed(explain(error));
  });
  const ready = new Promise<void>((resolve) => watcher.once('ready', resolve));
  watcher.add([...new Set([...whole, ...paths.names.map((path) => dirname(path))])]);
  await ready;
  return { close: () => watcher.close() };
};

function watchedPathOf(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('watchedPath' in details)) return undefined;
  return typeof details.watchedPath === 'string' ? details.watchedPath : undefined;
}

/** inotify(7): if the user's limit is reached, `add_watch` fails with ENOSPC and `init` with EMFILE. */
const LIMITS: Readonly<Record<string, string>> = {
  ENOSPC: 'the limit of watches is reached (raise sysctl fs.inotify.max_user_watches)',
  EMFILE:
    'the limit of inotify instances or open files is reached (raise sysctl fs.inotify.max_user_instances)',
};

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return LIMITS[code] ?? error.message;
}

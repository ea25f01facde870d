import { dirname, join } from 'node:path';

/** Where changes of a watched program show; absolute paths without links in their folders. */
export interface HintPaths {
  /** Existing files, each by its inode: what happens beside it costs nothing. */
  readonly files: readonly string[];
  /** Links, and what is missing: by their names in their folders. */
  readonly names: readonly string[];
  /** Folders of which every direct entry matters. */
  readonly folders: readonly string[];
}

/** An open source of hints. */
export interface Hints {
  close(): Promise<void>;
}

/**
 * Opens a source of hints and resolves when it listens. `hint` means that something may have changed, no more;
 * `failed` that some or all hints will not come, with the reason for people.
 */
export type OpenHints = (
  paths: HintPaths,
  hint: () => void,
  failed: (reason: string) => void,
) => Promise<Hints>;

/**
 * Hints from chokidar, which is loaded when the first program is watched.
 *
 * Two of its habits are turned off. It reads a whole folder at every event in it (folder-blind-watcher.ts); folders
 * are never read here, and only the raw events are used. With `persistent`, watchers of one process share their
 * handle on a file: when two services watch one program, both are deaf after the first rename over it.
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
  // Some platforms report no name (fs.watch documents it), which chokidar's types do not say.
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

/** inotify(7): `add_watch` fails with ENOSPC, `init` with EMFILE when the user's limit is reached. */
const limits: Readonly<Record<string, string>> = {
  ENOSPC: 'the limit of watches is reached (sysctl fs.inotify.max_user_watches)',
  EMFILE: 'the limit of inotify instances or open files is reached (sysctl fs.inotify.max_user_instances)',
};

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return limits[code] ?? error.message;
}

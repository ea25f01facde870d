/** Keeps one source of hints open for the paths that matter at the moment. */
import type { HintPaths, Hints, OpenHints } from './hints.ts';

export interface Arming {
  /** Listens to these paths if `key` differs from the last one. Equal keys stand for equal paths. */
  aim(key: string, paths: HintPaths): void;
  /** Closes the source of hints, also one that is still being opened. */
  close(): Promise<void>;
}

/**
 * The old source is closed only when the new one listens. Then `hint` is called, because something may have changed
 * before the new source listened. `failed` may be called at every opening.
 */
export function createArming(open: OpenHints, hint: () => void, failed: (reason: string) => void): Arming {
  let wanted: { readonly key: string; readonly paths: HintPaths } | null = null;
  let current: Hints | null = null;
  let closed = false;
  let following = false;
  let work = Promise.resolve();

  const replace = async (paths: HintPaths): Promise<void> => {
    const previous = current;
    current = null;
    try {
      current = await open(paths, hint, failed);
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    }
    await previous?.close();
    if (!closed) hint();
  };

  const follow = async (): Promise<void> => {
    following = true;
    let aimed: string | null = null;
    while (!closed && wanted !== null && wanted.key !== aimed) {
      aimed = wanted.key;
      await replace(wanted.paths);
    }
    following = false;
  };

  return {
    aim: (key, paths) => {
      if (closed || wanted?.key === key) return;
      wanted = { key, paths };
      if (!following) work = follow();
    },
    close: async () => {
      closed = true;
      await work;
      await current?.close();
      current = null;
    },
  };
}

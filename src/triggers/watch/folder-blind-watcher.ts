import { FSWatcher } from 'chokidar';

/**
 * chokidar without its reading of folders. This file overrides a private method of chokidar 5, `_readdirp`: look at it
 * again with each new version (test/triggers/watch/hints.test.ts fails when the method is no longer called).
 *
 * chokidar reads and stats a whole folder at every event in it, even to watch one link there. No option prevents it.
 * Measured with a folder of 2,400 entries and a line written to a log in it 20 times a second, in processor time for each
 * line: 39 ms with the defaults; 39 ms with `depth: 0`; 41 to 46 ms with `ignored` for every entry, and with
 * `alwaysStat: false` (each entry is looked at before it is ignored); no event at all with `depth: -1`; 0.25 ms with this
 * class. When a log is written beside a `current` link, the difference is a core at full load.
 */
export class FolderBlindWatcher extends FSWatcher {
  /** Called for each folder that is to be read; chokidar goes on without entries where nothing is returned. */
  override _readdirp(): undefined {
    return undefined;
  }
}

import { FSWatcher } from 'chokidar';

/**
 * chokidar that does not read folders. This file overrides a private method of chokidar 5, `_readdirp`. Check it again with
 * each new version (test/triggers/watch/hints.test.ts fails if the method is no longer called).
 *
 * chokidar reads and stats a whole folder at every event in it, even to watch one link there. No option prevents it.
 * Measured with a folder of 2,400 entries and a line written to a log in it 20 times a second, in processor time per
 * line: 39 ms with the defaults; 39 ms with `depth: 0`; 41 to 46 ms with `ignored` for every entry, and with
 * `alwaysStat: false` (each entry is looked at before it is ignored); no event at all with `depth: -1`; 0.25 ms with this
 * class. If a log is written beside a `current` link, the difference is a core at full load.
 */
export class FolderBlindWatcher extends FSWatcher {
  /** chokidar calls this to read a folder. If it returns nothing, chokidar continues without entries. */
  override _readdirp(): undefined {
    return undefined;
  }
}

import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { openChokidarHints } from '../../../src/triggers/watch/hints.ts';
import {
  watchProgram,
  type ProgramWatch,
  type Snapshot,
  type WatchOptions,
} from '../../../src/triggers/watch/watch.ts';

/** Far more than anything here takes on a busy machine. */
const deadlineMs = 30_000;

/** A tick that never comes within a test: what is noticed, hints have brought. */
const hintsOnly = { tickMs: 600_000 };

/** Settles soon and looks all the time, so that so many looks after a change it has settled. */
export const restless = { quietMs: 40, pollMs: 10, tickMs: 10 };
export const looksToSettle = 20;

/** Stands in for the runner: launches what is on disk at every request. Text that starts with `bad` never serves. */
export interface Service {
  readonly watch: ProgramWatch;
  /** What each request launched. */
  readonly launched: readonly string[];
  readonly degraded: readonly string[];
  launch(): Snapshot;
  /** Resolves when so many requests came since the start; fails when more came, or at the deadline. */
  requests(count: number): Promise<void>;
  /** Resolves when the watch has looked so many more times. */
  looks(count: number): Promise<void>;
}

/** Starts watching `paths`, of which the first is the program; the first instance serves what is there now. */
export function startService(paths: readonly string[], options: Partial<WatchOptions> = {}): Service {
  const launched: string[] = [];
  const degraded: string[] = [];
  let looked = 0;
  let check = (): void => undefined;
  const read = (): string => {
    try {
      return readFileSync(paths[0] ?? '', 'utf8');
    } catch {
      return 'bad: missing';
    }
  };
  const launch = (): Snapshot => {
    const snapshot = watch.snapshot();
    if (!read().startsWith('bad')) watch.serving(snapshot);
    return snapshot;
  };
  const watch = watchProgram({
    changed: () => {
      launched.push(read());
      launch();
      check();
    },
    degraded: (reason) => {
      degraded.push(reason);
      check();
    },
    openHints: openChokidarHints,
    ...options,
    timing: { ...hintsOnly, ...options.timing },
    paths: () => {
      looked += 1;
      check();
      return paths;
    },
  });
  onTestFinished(() => watch.close());
  launch();

  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`not within ${deadlineMs} ms: ${JSON.stringify({ launched, looked, degraded })}`));
      }, deadlineMs);
      check = () => {
        if (!holds()) return;
        clearTimeout(timer);
        check = () => undefined;
        resolve();
      };
      check();
    });
  return {
    watch,
    launched,
    degraded,
    launch,
    requests: async (count) => {
      await until(() => launched.length >= count);
      if (launched.length > count) throw new Error(`too many requests: ${JSON.stringify(launched)}`);
    },
    looks: (count) => {
      const goal = looked + count;
      return until(() => looked >= goal);
    },
  };
}

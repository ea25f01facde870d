/** Watches the files of a program and requests a rotation when the program has become another one. */
import { createArming } from './arming.ts';
import { contentOf } from './content.ts';
import { decide, type Content } from './decide.ts';
import { openChokidarHints, type HintPaths, type OpenHints } from './hints.ts';
import type { PathChain } from './path-chain.ts';
import { settle, type Settled, type SettleTiming } from './settle.ts';
import {
  inspect,
  MAX_ENTRIES,
  type Inspection,
  type StatIdentity,
  type WatchedFolder,
} from './stat-identity.ts';

/** The state of a program when an instance of it was launched. Opaque to the caller. */
export interface Snapshot {
  readonly identity: StatIdentity;
  /** Null until it is read. It stays null if the files changed before that. */
  readonly content: Content | null;
}

/** All in milliseconds. */
export interface WatchTiming extends SettleTiming {
  /** The time between two looks without a hint. */
  readonly tickMs: number;
  /** The same if hints do not work. */
  readonly degradedTickMs: number;
}

export interface WatchOptions {
  /**
   * Absolute paths of files or folders. A function is called at every look; it is for a program that is searched for in
   * PATH.
   */
  readonly paths: readonly string[] | (() => readonly string[]);
  /** The settled content differs from the serving content and from the content that was last tried: rotate. */
  changed(): void;
  /** The watch is limited: it has no hints and looks twice a second, or it ignores some files. Once per reason. */
  degraded(reason: string): void;
  readonly timing?: Partial<WatchTiming>;
  /** The source of hints; for tests. */
  readonly openHints?: OpenHints;
}

export interface ProgramWatch {
  /** Call this right before every launch. For files it takes microseconds, because no content is read yet. */
  snapshot(): Snapshot;
  /** The instance that was launched with this snapshot serves from now on. */
  serving(snapshot: Snapshot): void;
  /**
   * No instance serves any more. Until one serves, the content that served before counts as a change like any other: a
   * good release that is put back must start, although it served until the crash.
   */
  nothingServes(): void;
  /** After this call, no function of the options is called. Resolves when all handles are closed. */
  close(): Promise<void>;
}

const DEFAULT_TIMING: WatchTiming = {
  // Leaves time for `mv` and then `alternate rotate`, which needs up to 0.2 s to start: that is one rotation, not two.
  quietMs: 500,
  pollMs: 20,
  writerPatienceMs: 10_000,
  missingPatienceMs: 2_000,
  tickMs: 2_000,
  degradedTickMs: 500,
};

/** Hints come in bursts. One look is enough for the hints of a few milliseconds. */
const HINT_DELAY_MS = 5;

/** Looks without a hint take at most this part of the time, no matter how large a watched folder is. */
const MAX_IDLE_SHARE = 0.02;

/**
 * Watches a program and calls `changed` once when it differs from the program that serves. Hints start a look, and a
 * slow tick looks without hints. `settle` waits for the end of a change, and `decide` judges it.
 */
export function watchProgram(options: WatchOptions): ProgramWatch {
  return new Watch(options);
}

class Watch implements ProgramWatch {
  readonly #options: WatchOptions;
  readonly #timing: WatchTiming;
  readonly #closing = new AbortController();
  readonly #arming;
  #tickTimer: NodeJS.Timeout | undefined;
  #hintTimer: NodeJS.Timeout | undefined;
  #hintsFail = false;
  #truncated = false;
  #settling = false;
  /** The result of the last wait for the end of a change. */
  #settled: Settled | null = null;
  /**
   * Snapshots that were taken since then. Either the next settled content is theirs, or their content stays unknown.
   */
  #unread = new Map<StatIdentity, { identity: StatIdentity; content: Content | null }>();
  #serving: Snapshot | null = null;
  /** Null before the first launch: until then there is nothing to rotate. */
  #attempted: { readonly content: Content | null } | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#arming = createArming(options.openHints ?? openChokidarHints, this.#hint, this.#withoutHints);
    this.#tick();
  }

  snapshot(): Snapshot {
    const inspection = inspect(this.#paths());
    const { identity, complete } = inspection;
    const snapshot = this.#unread.get(identity) ?? { identity, content: null };
    if (this.#settled?.identity === identity) snapshot.content = this.#settled.content;
    if (snapshot.content === null) {
      this.#unread.set(identity, snapshot);
      if (complete) void readInto(snapshot, inspection).then(this.#hint);
      else this.#hint();
    }
    this.#attempted = snapshot;
    return snapshot;
  }

  serving(snapshot: Snapshot): void {
    this.#serving = snapshot;
    if (!this.#closed) this.#judge();
  }

  nothingServes(): void {
    this.#serving = null;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#tickTimer);
    clearTimeout(this.#hintTimer);
    await this.#arming.close();
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #paths(): readonly string[] {
    const { paths } = this.#options;
    return typeof paths === 'function' ? paths() : paths;
  }

  readonly #withoutHints = (reason: string): void => {
    if (this.#closed || this.#hintsFail) return;
    this.#hintsFail = true;
    this.#scheduleTick(this.#tickMs);
    this.#options.degraded(reason);
  };

  get #tickMs(): number {
    return this.#hintsFail ? this.#timing.degradedTickMs : this.#timing.tickMs;
  }

  readonly #hint = (): void => {
    if (this.#closed) return;
    this.#hintTimer ??= setTimeout(() => {
      this.#hintTimer = undefined;
      this.#look();
    }, HINT_DELAY_MS).unref();
  };

  #tick(): void {
    const start = performance.now();
    try {
      this.#look();
    } finally {
      this.#scheduleTick(Math.max(this.#tickMs, (performance.now() - start) / MAX_IDLE_SHARE));
    }
  }

  /** All watches of a manager tick at the same moments, so that one wake-up is enough for all. */
  #scheduleTick(periodMs: number): void {
    clearTimeout(this.#tickTimer);
    const delayMs = periodMs - (performance.now() % periodMs);
    this.#tickTimer = setTimeout(() => {
      this.#tick();
    }, delayMs).unref();
  }

  #look(): void {
    if (this.#settling) return;
    const { identity } = this.#inspect();
    // A launched content needs no wait: if it was incomplete, it will change again.
    const launched = this.#unread.get(identity)?.content ?? null;
    if (launched !== null) this.#conclude({ identity, content: launched });
    else if (identity === this.#settled?.identity) this.#conclude(this.#settled);
    else if (this.#attempted !== null) void this.#settle();
  }

  /** Every look also follows the links again, so that hints come from the place where the program is now. */
  readonly #inspect = (): Inspection => {
    const inspection = inspect(this.#paths());
    if (inspection.truncated && !this.#truncated && !this.#closed) {
      this.#truncated = true;
      this.#options.degraded(
        `the watched folders have more than ${MAX_ENTRIES} entries: changes of the other entries are not detected`,
      );
    }
    const { chains } = inspection;
    const hintPaths = hintPathsOf(chains, inspection.folders);
    const inodes = [...chains, ...inspection.folders].map((end) => end.inode);
    this.#arming.aim(JSON.stringify([hintPaths, inodes]), hintPaths);
    return inspection;
  };

  async #settle(): Promise<void> {
    this.#settling = true;
    let settled: Settled | null;
    try {
      settled = await settle(this.#inspect, this.#timing, this.#closing.signal);
    } finally {
      this.#settling = false;
    }
    if (settled !== null && !this.#closed) this.#conclude(settled);
  }

  #conclude(settled: Settled): void {
    this.#settled = settled;
    if (settled.content === null) return;
    const snapshot = this.#unread.get(settled.identity);
    if (snapshot !== undefined) snapshot.content = settled.content;
    this.#unread.clear();
    this.#judge();
  }

  /**
   * While files change, or while a launched content is not read yet, nothing is judged: the end of settling calls this.
   */
  #judge(): void {
    const observed = this.#settled?.content ?? null;
    if (this.#settling || this.#unread.size > 0) return;
    if (observed === null || this.#attempted === null) return;
    const memory = { serving: this.#serving?.content ?? null, attempted: this.#attempted.content };
    const { verdict, attempted } = decide(memory, observed);
    this.#attempted = { content: attempted };
    if (verdict === 'rotate') this.#options.changed();
  }
}

/** Does not wait until the files settle: after a touch right after the launch, their content would stay unknown. */
async function readInto(snapshot: { content: Content | null }, inspection: Inspection): Promise<void> {
  const content = await contentOf(inspection);
  snapshot.content ??= content;
}

function hintPathsOf(chains: readonly PathChain[], folders: readonly WatchedFolder[]): HintPaths {
  const missing = chains.filter((chain) => chain.inode === 'missing');
  return {
    files: chains.filter((chain) => chain.inode !== 'missing').map((chain) => chain.end),
    names: [...chains.flatMap((chain) => chain.links), ...missing.map((chain) => chain.end)],
    folders: folders.map((folder) => folder.path),
  };
}

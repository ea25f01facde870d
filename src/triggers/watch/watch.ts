import { createArming } from './arming.ts';
import { contentOf } from './content.ts';
import { decide, type Content } from './decide.ts';
import { openChokidarHints, type HintPaths, type OpenHints } from './hints.ts';
import type { PathChain } from './path-chain.ts';
import { settle, type Settled, type SettleTiming } from './settle.ts';
import { inspect, type Inspection, type StatIdentity, type WatchedFolder } from './stat-identity.ts';

/** What a program was when an instance of it was launched. Opaque to the caller. */
export interface Snapshot {
  readonly identity: StatIdentity;
  /** Null until it is read, and for ever when the files changed before that. */
  readonly content: Content | null;
}

/** All in milliseconds. */
export interface WatchTiming extends SettleTiming {
  /** Between two looks without a hint. */
  readonly tickMs: number;
  /** The same when hints do not come. */
  readonly degradedTickMs: number;
}

export interface WatchOptions {
  /**
   * Absolute paths of files or folders; a function is asked anew at every look, for a program that is searched
   * in PATH.
   */
  readonly paths: readonly string[] | (() => readonly string[]);
  /** The settled content is neither the serving one nor one already tried: rotate. */
  changed(): void;
  /** Watching does less than it should, once a reason: it looks twice a second instead, or not at everything. */
  degraded(reason: string): void;
  readonly timing?: Partial<WatchTiming>;
  /** Where hints come from; for tests. */
  readonly openHints?: OpenHints;
}

export interface ProgramWatch {
  /** To be called right before every launch. Takes microseconds for files: nothing is read yet. */
  snapshot(): Snapshot;
  /** The instance launched with that snapshot serves from now on. */
  serving(snapshot: Snapshot): void;
  /** Nothing is called from the moment this is called; resolves when no handle is left. */
  close(): Promise<void>;
}

const defaultTiming: WatchTiming = {
  quietMs: 100,
  pollMs: 20,
  writerPatienceMs: 10_000,
  missingPatienceMs: 2_000,
  tickMs: 2_000,
  degradedTickMs: 500,
};

/** Hints come in bursts; one look does for those of a few milliseconds. */
const hintDelayMs = 5;

/** Looking while nothing happens takes at most this part of the time, however big a watched folder is. */
const maximumIdleShare = 0.02;

/**
 * Watches a program and calls `changed` once when it has become another one than the one that serves. Hints say
 * when to look, a slow tick looks without them; `settle` waits for the end of a change, `decide` judges it.
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
  /** Where settling last ended. */
  #settled: Settled | null = null;
  /** Taken since then; the next settled content is theirs, or nobody will ever know it. */
  #unread = new Map<StatIdentity, { identity: StatIdentity; content: Content | null }>();
  #serving: Snapshot | null = null;
  /** Null before the first launch: until then there is nothing to rotate. */
  #attempted: { readonly content: Content | null } | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
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
    }, hintDelayMs).unref();
  };

  #tick(): void {
    const start = performance.now();
    try {
      this.#look();
    } finally {
      this.#scheduleTick(Math.max(this.#tickMs, (performance.now() - start) / maximumIdleShare));
    }
  }

  /** All watches of a manager tick at the same moments: one wake-up does for all. */
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
    // What was launched needs no settling: should it have been incomplete, it becomes another one.
    const launched = this.#unread.get(identity)?.content ?? null;
    if (launched !== null) this.#conclude({ identity, content: launched });
    else if (identity === this.#settled?.identity) this.#conclude(this.#settled);
    else if (this.#attempted !== null) void this.#settle();
  }

  /** Every look also follows the links anew, so that hints come from where the program is now. */
  readonly #inspect = (): Inspection => {
    const inspection = inspect(this.#paths());
    if (inspection.truncated && !this.#truncated && !this.#closed) {
      this.#truncated = true;
      this.#options.degraded('a watched folder has too many entries: the last ones go unnoticed');
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

  /** While something changes, or a launched content is not read yet, the end of settling judges. */
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

/** Does not wait for the files to settle: a touch a moment after the launch would make their content unknown. */
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

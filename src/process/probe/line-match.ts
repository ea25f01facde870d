/**
 * Holds the lines of an instance against the pattern of `ready.output`. A pattern such as `^(\w+\s?)*ready$` takes
 * years for a line of 43 characters, and the instance decides which lines it writes. `node:vm` can interrupt a regular
 * expression; that costs some 80 µs a call (a thread that watches the time), so lines are tested together.
 */
import vm from 'node:vm';
import { formatDuration } from '../../util/duration.ts';

/** How long all tests of one instance may take together, in ms, ... */
const BUDGET_MS = 500;
/** ... and which part of the time that has passed since the first one they may take beyond that. */
const SHARE = 0.2;
/** Lines that come within this time, in ms, are tested together. */
const GATHER_MS = 10;
/** More lines than this are not kept for one test. */
const MOST_LINES = 10_000;
/** A line is tested up to here, in UTF-16 units: the time of many patterns grows with the square of the length. */
const LONGEST_LINE = 4_096;

export interface MatchEvents {
  matched(): void;
  /** The pattern takes too long for what the instance writes. Nothing is tested any more. */
  overran(reason: string): void;
}

export class LineMatch {
  readonly #pattern: RegExp;
  readonly #events: MatchEvents;
  readonly #startedAt = performance.now();
  #lines: string[] = [];
  #spentMs = 0;
  #testedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `pattern` is the source of a regular expression. */
  constructor(pattern: string, events: MatchEvents) {
    this.#pattern = new RegExp(pattern);
    this.#events = events;
  }

  push(line: string): void {
    if (this.#isOver) return;
    this.#lines.push(line.slice(0, LONGEST_LINE));
    const waitMs = this.#testedAt + GATHER_MS - performance.now();
    if (waitMs <= 0 || this.#lines.length >= MOST_LINES) this.#test();
    else this.#timer ??= setTimeout(this.#test, waitMs);
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  readonly #test = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = [];
    const start = performance.now();
    const limitMs = BUDGET_MS + SHARE * (start - this.#startedAt) - this.#spentMs;
    const found = within(limitMs, () => lines.some((line) => this.#pattern.test(line)));
    this.#testedAt = performance.now();
    this.#spentMs += this.#testedAt - start;
    if (found === false) return;
    this.close();
    if (found === true) this.#events.matched();
    else
      this.#events.overran(
        `the pattern /${this.#pattern.source}/ takes longer than ${formatDuration(BUDGET_MS)} for a line of its output`,
      );
  };
}

const surroundings: { act: () => boolean } = { act: () => false };
let interruptible: (vm.Script & { context: vm.Context }) | undefined;

/** What `act` returns, or null when it takes longer than `limitMs`. It blocks everything else meanwhile. */
function within(limitMs: number, act: () => boolean): boolean | null {
  if (limitMs <= 0) return null;
  // Made by the first instance that needs it: 0.7 ms and 650 KB.
  interruptible ??= Object.assign(new vm.Script('act()'), { context: vm.createContext(surroundings) });
  surroundings.act = act;
  try {
    return interruptible.runInContext(interruptible.context, { timeout: Math.ceil(limitMs) }) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  }
}

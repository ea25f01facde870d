/**
 * Tests the lines of an instance against the pattern of `ready.output`. A pattern such as `^(\w+\s?)*ready$` takes
 * years for a line of 43 characters, and the instance decides which lines it writes. `node:vm` can interrupt a regular
 * expression. That costs about 80 µs per call (a thread watches the time), so several lines are tested together.
 */
import vm from 'node:vm';
import { formatDuration } from '../../util/duration.ts';

/** All tests of one instance together may take this time, in ms, ... */
const BUDGET_MS = 500;
/** ... plus this part of the time that has passed since the first test. */
const SHARE = 0.2;
/** After a pattern has overrun its budget, each instance that is tested against it gets this much, in ms, ... */
const BUDGET_AFTER_OVERRUN_MS = 25;
/** ... plus this part of the time that has passed since then, until the budget is full again. */
const RECOVERY_SHARE = 0.02;
/** Lines that arrive within this time, in ms, are tested together. */
const GATHER_MS = 10;
/** At most this many lines are kept for one test. */
const MOST_LINES = 10_000;
/**
 * Only this much of a line is tested, in UTF-16 units: the time of many patterns grows with the square of the length.
 */
const LONGEST_LINE = 4_096;

export interface MatchEvents {
  matched(): void;
  /** The pattern takes too long for the output of the instance. No more lines are tested. */
  overran(reason: string): void;
}

export class LineMatch {
  readonly #pattern: RegExp;
  readonly #events: MatchEvents;
  readonly #startedAt = performance.now();
  readonly #budgetMs: number;
  #lines: string[] = [];
  #spentMs = 0;
  #testedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /**
   * @param pattern the source of a regular expression
   * @param cancelled aborted: no more lines are tested, and no event is called
   */
  constructor(pattern: string, events: MatchEvents, cancelled: AbortSignal) {
    this.#pattern = new RegExp(pattern);
    this.#budgetMs = budgetOf(pattern);
    this.#events = events;
    cancelled.addEventListener('abort', () => {
      this.#end();
    });
  }

  push(line: string): void {
    if (this.#isOver) return;
    this.#lines.push(line.slice(0, LONGEST_LINE));
    const waitMs = this.#testedAt + GATHER_MS - performance.now();
    if (waitMs <= 0 || this.#lines.length >= MOST_LINES) this.#test();
    else this.#timer ??= setTimeout(this.#test, waitMs);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  readonly #test = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = [];
    const start = performance.now();
    const limitMs = this.#budgetMs + SHARE * (start - this.#startedAt) - this.#spentMs;
    const found = within(limitMs, () => lines.some((line) => this.#pattern.test(line)));
    this.#testedAt = performance.now();
    this.#spentMs += this.#testedAt - start;
    if (found === false) return;
    this.#end();
    if (found === true) {
      this.#events.matched();
      return;
    }
    const { source } = this.#pattern;
    overruns.set(source, this.#testedAt);
    this.#events.overran(
      `the pattern /${source}/ takes longer than ${formatDuration(Math.round(this.#budgetMs))} for a line of its output`,
    );
  };
}

/** When a pattern overran its budget last. Without this, an instance that is started again and again blocks each time. */
const overruns = new Map<string, number>();

function budgetOf(pattern: string): number {
  const overranAt = overruns.get(pattern);
  if (overranAt === undefined) return BUDGET_MS;
  const budgetMs = BUDGET_AFTER_OVERRUN_MS + RECOVERY_SHARE * (performance.now() - overranAt);
  if (budgetMs < BUDGET_MS) return budgetMs;
  overruns.delete(pattern);
  return BUDGET_MS;
}

const surroundings: { act: () => boolean } = { act: () => false };
let interruptible: (vm.Script & { context: vm.Context }) | undefined;

/** The result of `act`; null if it takes longer than `limitMs`. The event loop is blocked during that time. */
function within(limitMs: number, act: () => boolean): boolean | null {
  if (limitMs <= 0) return null;
  // Created when the first instance needs it, because it costs 0.7 ms and 650 KB.
  interruptible ??= Object.assign(new vm.Script('act()'), { context: vm.createContext(surroundings) });
  surroundings.act = act;
  try {
    return interruptible.runInContext(interruptible.context, { timeout: Math.ceil(limitMs) }) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  }
}

/** Carries stdout and stderr of one instance to the destination that its service names. */
import type { Readable } from 'node:stream';
import { Carrier } from './carrier.ts';
import { LineTap, type LineListener } from './lines/line-tap.ts';
import type { Sink } from './sinks.ts';
import type { StdioEntry } from './stdio.ts';

export class InstanceOutput {
  /** The `stdio` entries for stdout and stderr when the instance is spawned. */
  readonly stdio: readonly [StdioEntry, StdioEntry];
  readonly #sinks: readonly [Sink, Sink];
  readonly #afterEnd: (ended: Promise<void>) => Promise<void>;
  readonly #taps = [new LineTap(), new LineTap()] as const;
  #carriers: readonly Carrier[] = [];
  #released: Promise<void> | null = null;

  constructor(
    stdio: readonly [StdioEntry, StdioEntry],
    sinks: readonly [Sink, Sink],
    afterEnd: (ended: Promise<void>) => Promise<void>,
  ) {
    this.stdio = stdio;
    this.#sinks = sinks;
    this.#afterEnd = afterEnd;
  }

  /** Call this once, in the same tick as the spawn, with the child's streams. `null`: the stream is not a pipe. */
  attach(stdout: Readable | null, stderr: Readable | null): void {
    const [stdoutSink, stderrSink] = this.#sinks;
    const [stdoutTap, stderrTap] = this.#taps;
    this.#carriers = [
      ...(stdout === null ? [] : [new Carrier(stdout, stdoutSink, stdoutTap)]),
      ...(stderr === null ? [] : [new Carrier(stderr, stderrSink, stderrTap)]),
    ];
  }

  /**
   * Calls `listener` with each line of stdout and stderr from now on, until `until` is aborted. The line has no
   * newline. A line longer than 64 KiB comes in pieces. An unfinished last line comes at the end of the stream. There
   * are lines only if `stdio` is `pipe`.
   */
  onLine(listener: LineListener, until: AbortSignal): void {
    for (const tap of this.#taps) tap.listen(listener, until);
  }

  /**
   * Call this when the instance is gone, or could not be started. Its pipes are read to their end. If another process
   * holds them open, they are read for `graceMs` (ms) longer. Resolves when all output has been passed on. While the
   * reader of the manager's output stalls, this does not resolve: only output may wait for it.
   */
  release(graceMs: number): Promise<void> {
    this.#released ??= this.#release(graceMs);
    return this.#released;
  }

  #release(graceMs: number): Promise<void> {
    for (const carrier of this.#carriers) carrier.release(graceMs);
    return this.#afterEnd(allEnded(this.#carriers));
  }
}

async function allEnded(carriers: readonly Carrier[]): Promise<void> {
  await Promise.all(carriers.map((carrier) => carrier.ended));
}

import type { Readable } from 'node:stream';
import { Carrier } from './carrier.ts';
import { LineTap, type LineListener } from './lines/line-tap.ts';
import type { Sink } from './sinks.ts';
import type { StdioEntry } from './stdio.ts';

/** stdout and stderr of one instance on their way to where its service sends them. */
export class InstanceOutput {
  /** How to open the instance's stdout and stderr when it is spawned. */
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

  /** To be called once, in the tick of the spawn, with the child's streams; `null` where it has no pipe. */
  attach(stdout: Readable | null, stderr: Readable | null): void {
    const [stdoutSink, stderrSink] = this.#sinks;
    const [stdoutTap, stderrTap] = this.#taps;
    this.#carriers = [
      ...(stdout === null ? [] : [new Carrier(stdout, stdoutSink, stdoutTap)]),
      ...(stderr === null ? [] : [new Carrier(stderr, stderrSink, stderrTap)]),
    ];
  }

  /**
   * Calls `listener` with each line of stdout and stderr from now on, without its newline; a line longer than 64 KiB
   * comes in pieces, an unfinished last one at the end. Returns the function that ends it. Only where `stdio` says
   * `pipe` are there lines.
   */
  onLine(listener: LineListener): () => void {
    const disposers = this.#taps.map((tap) => tap.listen(listener));
    return () => {
      for (const dispose of disposers) dispose();
    };
  }

  /**
   * To be called when the instance is gone, or could not be started. Resolves once all that it wrote was handed on:
   * what is still in its pipes is read, and a process that holds them open is listened to for `graceMs` (ms) longer.
   * While the reader of the manager's output stalls this does not resolve: do not make anything but output wait for it.
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

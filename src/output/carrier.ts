import type { Readable } from 'node:stream';
import type { Holdable } from './destinations/flow-gate.ts';
import type { LineTap } from './lines/line-tap.ts';
import type { Sink } from './sinks.ts';

/** More than a pipe or a socket holds: after this many bytes, everything that the instance wrote has been read. */
const PIPE_CAPACITY_BYTES = 1024 * 1024;

/** Carries one pipe of an instance to its sink, no faster than the sink's destination accepts it. */
export class Carrier implements Holdable {
  /** Resolves when the pipe has ended or was given up, and all bytes from it were passed on. */
  readonly ended: Promise<void>;
  readonly #readable: Readable;
  readonly #sink: Sink;
  readonly #tap: LineTap;
  #isReleased = false;
  #hasEnded = false;
  #bytesAfterGrace: number | null = null;
  #resolveEnded: () => void = () => undefined;

  constructor(readable: Readable, sink: Sink, tap: LineTap) {
    this.#readable = readable;
    this.#sink = sink;
    this.#tap = tap;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    readable.on('data', this.#carry);
    readable.on('end', this.#end);
    readable.on('close', this.#end);
    readable.on('error', this.#end);
    sink.gate?.join(this);
  }

  pause(): void {
    this.#readable.pause();
  }

  resume(): void {
    this.#readable.resume();
    if (this.#bytesAfterGrace !== null) this.#giveUpAfterReading();
  }

  /**
   * The instance is gone. Its output in the pipe is still read, no matter how long the reader of the destination
   * stalls. If another process of the instance holds the pipe open, the pipe is read for `graceMs` longer.
   */
  release(graceMs: number): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const timer = setTimeout(() => {
      this.#bytesAfterGrace = 0;
      this.#giveUpAfterReading();
    }, graceMs);
    void this.ended.then(() => {
      clearTimeout(timer);
    });
  }

  readonly #carry = (chunk: Buffer): void => {
    this.#tap.push(chunk);
    this.#sink.push(chunk);
    if (this.#bytesAfterGrace === null) return;
    this.#bytesAfterGrace += chunk.length;
    if (this.#bytesAfterGrace > PIPE_CAPACITY_BYTES) this.#readable.destroy();
  };

  readonly #end = (): void => {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sink.gate?.leave(this);
    this.#tap.end();
    this.#sink.end();
    this.#readable.destroy();
    this.#resolveEnded();
  };

  // The event loop polls between two immediates, and one poll reads all bytes that a pipe holds.
  #giveUpAfterReading(): void {
    setImmediate(() => {
      setImmediate(() => {
        if (this.#sink.gate?.isShut !== true) this.#readable.destroy();
      });
    });
  }
}

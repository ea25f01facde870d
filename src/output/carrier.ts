import type { Readable } from 'node:stream';
import type { Holdable } from './destinations/flow-gate.ts';
import type { LineTap } from './lines/line-tap.ts';
import type { Sink } from './sinks.ts';

/** More than a pipe or a socket holds: once this much was read, what the instance had written is among it. */
const PIPE_CAPACITY_BYTES = 1024 * 1024;

/** Carries one pipe of an instance to its sink, no faster than the sink's destination takes it. */
export class Carrier implements Holdable {
  /** Resolves once the pipe has ended, or was given up, and everything read from it was handed on. */
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
   * The instance is gone. What it has written is still read, however long its reader stalls; a process that it left
   * behind with the pipe is listened to for `graceMs` longer.
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

  // The event loop polls between two immediates, and one poll reads all that a pipe holds.
  #giveUpAfterReading(): void {
    setImmediate(() => {
      setImmediate(() => {
        if (this.#sink.gate?.isShut !== true) this.#readable.destroy();
      });
    });
  }
}

import { LineFramer } from './line-framer.ts';

/** Called with a line without its newline. A line longer than 64 KiB comes in pieces. */
export type LineListener = (line: string) => void;

/** Passes the lines of one stream to its listeners. It costs nothing while there is no listener. */
export class LineTap {
  readonly #listeners = new Set<LineListener>();
  #framer = new LineFramer();

  /** Passes the lines from now on to `listener`, until `until` is aborted. */
  listen(listener: LineListener, until: AbortSignal): void {
    if (until.aborted) return;
    this.#listeners.add(listener);
    until.addEventListener('abort', () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#framer = new LineFramer();
    });
  }

  push(chunk: Buffer): void {
    if (this.#listeners.size > 0) this.#framer.push(chunk, this.#emit);
  }

  end(): void {
    this.#framer.end(this.#emit);
  }

  readonly #emit = (held: Buffer, body: Buffer): void => {
    const text = Buffer.concat([held, body]).toString();
    for (const line of text.replace(/\n$/, '').split('\n')) {
      for (const listener of this.#listeners) listener(line.replace(/\r$/, ''));
    }
  };
}

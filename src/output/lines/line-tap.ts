import { LineFramer } from './line-framer.ts';

/** Called with a line without its newline; one longer than 64 KiB comes in pieces. */
export type LineListener = (line: string) => void;

/** Hands the lines of one stream to whoever listens, and costs nothing while nobody does. */
export class LineTap {
  readonly #listeners = new Set<LineListener>();
  #framer = new LineFramer();

  /** Lines from now on. Returns the function that ends it. */
  listen(listener: LineListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#framer = new LineFramer();
    };
  }

  push(chunk: Buffer): void {
    if (this.#listeners.size > 0) this.#framer.push(chunk, this.#tell);
  }

  end(): void {
    this.#framer.end(this.#tell);
  }

  readonly #tell = (held: Buffer, body: Buffer): void => {
    const text = Buffer.concat([held, body]).toString();
    for (const line of text.replace(/\n$/, '').split('\n')) {
      for (const listener of this.#listeners) listener(line.replace(/\r$/, ''));
    }
  };
}

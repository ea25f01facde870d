/** A source that can pause, such as an instance's pipe. */
export interface Holdable {
  pause(): void;
  resume(): void;
}

/**
 * Pauses all sources of one destination while the destination has more bytes than it can pass on. Then the pipes of the
 * instances fill, and the instances wait in their write(2), as with an inherited descriptor.
 */
export class FlowGate {
  readonly #sources = new Set<Holdable>();
  #isShut = false;

  get isShut(): boolean {
    return this.#isShut;
  }

  join(source: Holdable): void {
    this.#sources.add(source);
    if (this.#isShut) source.pause();
  }

  leave(source: Holdable): void {
    this.#sources.delete(source);
  }

  shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    for (const source of this.#sources) source.pause();
  }

  open(): void {
    if (!this.#isShut) return;
    this.#isShut = false;
    for (const source of this.#sources) source.resume();
  }
}

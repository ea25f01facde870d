/** Something that can be kept from delivering more, such as an instance's pipe. */
export interface Holdable {
  pause(): void;
  resume(): void;
}

/**
 * Holds back everything that flows to one destination while that destination has more than it can pass on. The
 * pipes of the instances then fill, and they wait in their own write(2), as with an inherited descriptor.
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

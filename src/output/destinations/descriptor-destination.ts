import { writeSync } from 'node:fs';
import { Destination } from './destination.ts';
import { NEWLINE } from '../lines/line-framer.ts';
import { errnoName, type ReportOutput } from '../report-output.ts';

const NEWLINE_BYTE = 10;

interface Loss {
  readonly reason: string;
  readonly bytes: number;
}

/**
 * A regular file or a device: written to at once, as Node does too. Node's own stream for it would be of no use after
 * the first full disk, and would lose what a short write(2) leaves over.
 */
export class DescriptorDestination extends Destination {
  override readonly isClosed = false;
  override readonly returnsMemory = true;
  readonly #descriptor: number;
  #lost: Loss | null = null;
  #endsInsideLine = false;

  constructor(name: string, descriptor: number, report: ReportOutput) {
    super(name, report);
    this.#descriptor = descriptor;
  }

  override idle(): Promise<void> {
    return Promise.resolve();
  }

  protected override write(bytes: Buffer, whenTaken?: () => void): void {
    // What a failure cut off shall not run into what follows it.
    if (this.#lost !== null && this.#endsInsideLine) this.#store(NEWLINE);
    const failure = this.#store(bytes);
    if (failure === null) this.#restored();
    else this.#lose(failure);
    whenTaken?.();
  }

  #lose(failure: Loss): void {
    const isNew = this.#lost === null;
    this.#lost = { reason: failure.reason, bytes: (this.#lost?.bytes ?? 0) + failure.bytes };
    if (isNew) this.report({ type: 'output-lost', file: this.name, ...failure });
  }

  #restored(): void {
    if (this.#lost === null) return;
    const lost = this.#lost;
    this.#lost = null;
    this.report({ type: 'output-restored', file: this.name, ...lost });
  }

  /** Returns what could not be stored, or null. */
  #store(bytes: Buffer): Loss | null {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
      return null;
    } catch (error) {
      return { reason: errnoName(error), bytes: bytes.length - written };
    } finally {
      if (written > 0) this.#endsInsideLine = bytes[written - 1] !== NEWLINE_BYTE;
    }
  }
}

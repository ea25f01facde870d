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
 * A regular file or a device. It is written synchronously, as Node.js does too. The stream of Node.js is not used: it
 * stops working after the first full disk, and loses the bytes that a short write(2) does not take.
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
    // A line that a failure cut off ends here, so that the next line does not continue it.
    if (this.#lost !== null && this.#endsInsideLine) this.#store(NEWLINE);
    const loss = this.#store(bytes);
    if (loss === null) this.#restored();
    else this.#lose(loss);
    whenTaken?.();
  }

  #lose(loss: Loss): void {
    const isNew = this.#lost === null;
    this.#lost = { reason: loss.reason, bytes: (this.#lost?.bytes ?? 0) + loss.bytes };
    if (isNew) this.report({ type: 'output-lost', file: this.name, ...loss });
  }

  #restored(): void {
    if (this.#lost === null) return;
    const lost = this.#lost;
    this.#lost = null;
    this.report({ type: 'output-restored', file: this.name, ...lost });
  }

  /** Returns the part that could not be written; null if all of it was written. */
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

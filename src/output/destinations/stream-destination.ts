import { Destination } from './destination.ts';
import { errnoName, type ReportOutput } from '../report-output.ts';
import type { StandardStream } from './standard-stream.ts';

// Node.js never blocks on a pipe, and its queue has no limit. These are the limits of the queue, for the gate.
const HIGH_BACKLOG_BYTES = 512 * 1024;
const LOW_BACKLOG_BYTES = 128 * 1024;

/** A pipe, a socket or a terminal. */
export class StreamDestination extends Destination {
  override readonly returnsMemory: boolean;
  readonly #stream: StandardStream;
  #isClosed = false;
  #pendingWrites = 0;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(name: string, stream: StandardStream, report: ReportOutput) {
    super(name, report);
    this.#stream = stream;
    // A stream without a descriptor may keep the buffers, as a PassThrough does.
    this.returnsMemory = stream.fd !== undefined;
    stream.on('error', (error) => {
      this.#closed(errnoName(error));
    });
    stream.on('close', () => {
      this.#closed('EPIPE');
    });
  }

  override get isClosed(): boolean {
    return this.#isClosed;
  }

  override idle(): Promise<void> {
    if (this.#isClosed || this.#pendingWrites === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  protected override write(bytes: Buffer, whenTaken?: () => void): void {
    if (this.#isClosed) {
      whenTaken?.();
      return;
    }
    this.#pendingWrites++;
    this.#stream.write(
      bytes,
      whenTaken === undefined
        ? this.#written
        : () => {
            this.#written();
            whenTaken();
          },
    );
    if (this.#stream.writableLength > HIGH_BACKLOG_BYTES) this.gate.shut();
  }

  // One function for all writes, because then the stream calls it once for many of them.
  readonly #written = (): void => {
    this.#pendingWrites--;
    if (this.#stream.writableLength <= LOW_BACKLOG_BYTES) this.gate.open();
    if (this.#pendingWrites === 0) this.#becameIdle();
  };

  #closed(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.gate.open();
    this.#becameIdle();
    this.report({ type: 'output-closed', file: this.name, reason });
  }

  #becameIdle(): void {
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}

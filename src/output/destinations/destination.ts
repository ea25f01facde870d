import type { ReportOutput } from '../report-output.ts';
import { FlowGate } from './flow-gate.ts';
import { NEWLINE } from '../lines/line-framer.ts';

/** How much of the manager's own messages may wait for a stalled reader before more of them are dropped. */
const MESSAGE_BACKLOG_BYTES = 1024 * 1024;
const NEWLINE_BYTE = 10;

/** The manager's stdout or stderr, shared by all instances and by the manager's own messages. */
export abstract class Destination {
  /** Shut while more is waiting than should: whoever writes here stops reading meanwhile. */
  readonly gate = new FlowGate();
  readonly name: string;
  protected readonly report: ReportOutput;
  #lineOwner: object | null = null;
  #waitingMessageBytes = 0;
  #droppedMessages = 0;

  constructor(name: string, report: ReportOutput) {
    this.name = name;
    this.report = report;
  }

  /** Once a write was taken, its bytes are no longer referred to. */
  abstract readonly returnsMemory: boolean;

  /** Nobody reads it any more; what is written is discarded. */
  abstract readonly isClosed: boolean;

  /** Resolves once everything written so far has been passed on, or can no longer be. */
  abstract idle(): Promise<void>;

  /** Never waits and never throws. `bytes` must not change afterwards. */
  protected abstract write(bytes: Buffer, whenTaken?: () => void): void;

  /** Whether the line that is being written was begun, and not yet ended, by `writer`. */
  isInsideLineOf(writer: object): boolean {
    return this.#lineOwner === writer;
  }

  /**
   * Writes for `writer`, which has to continue the line that it left unfinished. A line left unfinished by another
   * writer is ended first. `null` owns no line: what it leaves unfinished is not ended.
   */
  put(writer: object | null, bytes: Buffer, whenTaken?: () => void): void {
    if (this.#lineOwner !== null && this.#lineOwner !== writer) this.write(NEWLINE);
    this.#lineOwner = bytes.at(-1) === NEWLINE_BYTE ? null : writer;
    this.write(bytes, whenTaken);
  }

  /** Writes a message of the manager itself; where too many wait already it is dropped, counted and reported later. */
  say(text: string): void {
    const bytes = Buffer.from(text.endsWith('\n') ? text : `${text}\n`);
    if (this.#waitingMessageBytes + bytes.length > MESSAGE_BACKLOG_BYTES) {
      this.#droppedMessages++;
      return;
    }
    this.#waitingMessageBytes += bytes.length;
    this.put(null, bytes, () => {
      this.#waitingMessageBytes -= bytes.length;
      if (this.#waitingMessageBytes === 0 && !this.isClosed) this.#reportDropped();
    });
  }

  #reportDropped(): void {
    const count = this.#droppedMessages;
    this.#droppedMessages = 0;
    if (count > 0) this.report({ type: 'messages-dropped', file: this.name, count });
  }
}

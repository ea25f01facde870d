import type { ReportOutput } from '../report-output.ts';
import { FlowGate } from './flow-gate.ts';
import { NEWLINE } from '../lines/line-framer.ts';

/** If more bytes of the manager's messages than this wait for a stalled reader, further messages are dropped. */
const MESSAGE_BACKLOG_BYTES = 1024 * 1024;
const NEWLINE_BYTE = 10;

/** The manager's stdout or stderr, shared by all instances and by the manager's own messages. */
export abstract class Destination {
  /** Shut while too many bytes wait. The sources that write here stop reading while it is shut. */
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

  /** Whether the bytes of a write may be used again when the write was taken. */
  abstract readonly returnsMemory: boolean;

  /** It has no reader any more. Bytes that are written are discarded. */
  abstract readonly isClosed: boolean;

  /** Resolves when all bytes have been passed on, or cannot be passed on any more. */
  abstract idle(): Promise<void>;

  /** Never waits and never throws. `bytes` must not change afterwards. */
  protected abstract write(bytes: Buffer, whenTaken?: () => void): void;

  /** Whether `writer` began the current line and has not ended it. */
  isInsideLineOf(writer: object): boolean {
    return this.#lineOwner === writer;
  }

  /**
   * Writes for `writer`, which must continue the line that it left unfinished. A line that another writer left
   * unfinished is ended first. The writer `null` owns no line: a line that it leaves unfinished is not ended.
   */
  put(writer: object | null, bytes: Buffer, whenTaken?: () => void): void {
    if (this.#lineOwner !== null && this.#lineOwner !== writer) this.write(NEWLINE);
    this.#lineOwner = bytes.at(-1) === NEWLINE_BYTE ? null : writer;
    this.write(bytes, whenTaken);
  }

  /**
   * Writes a message of the manager. If too many messages wait, it is dropped and counted; the count is reported later.
   */
  writeMessage(text: string): void {
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

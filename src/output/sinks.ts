/** The ends of the streams of an instance: prefixed lines, plain bytes, a log file, or nothing. */
import type { BlockPool } from './lines/block-pool.ts';
import type { Destination } from './destinations/destination.ts';
import type { FlowGate } from './destinations/flow-gate.ts';
import { LineFramer, NEWLINE, type EmitLines } from './lines/line-framer.ts';
import { LinePrefix } from './lines/line-prefix.ts';
import type { LogFile } from './files/log-file.ts';

const NEWLINE_BYTE = 10;

/** Receives one stream of an instance. */
export interface Sink {
  /** Pauses the stream while its destination is full; `null`: the stream is never paused. */
  readonly gate: FlowGate | null;
  push(chunk: Buffer): void;
  /** The stream has ended. */
  end(): void;
}

/** Writes whole lines, each with a prefix. A last line without a newline gets one. */
export class PrefixedSink implements Sink {
  readonly #destination: Destination;
  readonly #pool: BlockPool;
  readonly #prefix: LinePrefix;
  readonly #framer: LineFramer;

  constructor(destination: Destination, prefix: string, pool: BlockPool, lineLimitBytes?: number) {
    this.#destination = destination;
    this.#pool = pool;
    this.#prefix = new LinePrefix(prefix, pool);
    this.#framer = new LineFramer(lineLimitBytes);
  }

  get gate(): FlowGate {
    return this.#destination.gate;
  }

  push(chunk: Buffer): void {
    this.#framer.push(chunk, this.#emit);
  }

  end(): void {
    this.#framer.end(this.#emit);
    if (this.#destination.isInsideLineOf(this)) this.#destination.put(this, NEWLINE);
  }

  readonly #emit: EmitLines = (held, body, continues) => {
    // Another writer may have ended this line meanwhile. Then the rest of the line gets its own prefix.
    const isUnbroken = continues && this.#destination.isInsideLineOf(this);
    for (const block of this.#prefix.apply(held, body, isUnbroken)) {
      this.#destination.put(this, block, () => {
        if (this.#destination.returnsMemory) this.#pool.giveBack(block);
      });
    }
  };
}

/** Writes the bytes unchanged, as if the instance had inherited the descriptor. */
export class RawSink implements Sink {
  readonly #destination: Destination;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  get gate(): FlowGate {
    return this.#destination.gate;
  }

  push(chunk: Buffer): void {
    this.#destination.put(null, chunk);
  }

  end(): void {
    // Nothing is kept back.
  }
}

/** Writes whole lines without a prefix, because stdout, stderr and several instances share the file. */
export class FileSink implements Sink {
  readonly #file: LogFile;
  readonly #framer = new LineFramer();

  constructor(file: LogFile) {
    this.#file = file;
  }

  get gate(): FlowGate {
    return this.#file.gate;
  }

  push(chunk: Buffer): void {
    this.#framer.push(chunk, this.#emit);
  }

  end(): void {
    this.#framer.end(this.#emit);
  }

  // The held line stays in one block, so that a rotation cannot cut it.
  readonly #emit: EmitLines = (held, body) => {
    const firstEnd = held.length === 0 ? 0 : body.indexOf(NEWLINE_BYTE) + 1 || body.length;
    if (held.length > 0) this.#file.write(Buffer.concat([held, body.subarray(0, firstEnd)]));
    if (firstEnd < body.length) this.#file.write(body.subarray(firstEnd));
  };
}

/** For an instance whose lines are read only for its readiness check. */
export class DiscardingSink implements Sink {
  readonly gate = null;

  push(): void {
    // Discarded.
  }

  end(): void {
    // Nothing is kept back.
  }
}

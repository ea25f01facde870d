/** The entrance to this folder: all output of the instances, and the manager's own messages. */
import type { Output, Parameter } from '../config/types.ts';
import { BlockPool } from './lines/block-pool.ts';
import { InstanceOutput } from './instance-output.ts';
import { LogFiles } from './files/log-files.ts';
import type { ReportOutput } from './report-output.ts';
import { openDestinations, type Destinations } from './destinations/open-destinations.ts';
import { DiscardingSink, FileSink, PrefixedSink, RawSink, type Sink } from './sinks.ts';
import type { StandardStream } from './destinations/standard-stream.ts';
import { stdioEntries } from './stdio.ts';

export type { InstanceOutput } from './instance-output.ts';
export type { StdioEntry } from './stdio.ts';

export interface OutputSpec {
  readonly service: string;
  readonly parameter: Parameter;
  /** `%alt` is already replaced in `file`. */
  readonly output: Output;
  /** The user of the instance; missing or null: the manager's user. */
  readonly uid?: number | null;
  /** The readiness check reads the lines (`ready.output`), so they must come through a pipe, with any `output`. */
  readonly needsLines: boolean;
}

/**
 * Never blocks and never throws. If the reader of the manager's output stalls, the instances wait in their own writes:
 * the manager holds a bounded number of bytes, and no byte is lost.
 */
export class Outputs {
  readonly #destinations: Destinations;
  readonly #logFiles: LogFiles;
  readonly #pool = new BlockPool();
  readonly #releasing = new Set<Promise<void>>();
  #hasUsedStdout = false;

  constructor(destinations: Destinations, logFiles: LogFiles) {
    this.#destinations = destinations;
    this.#logFiles = logFiles;
  }

  /** Opens the output of one instance. The caller must call `release` of the result at the end. */
  open(spec: OutputSpec): InstanceOutput {
    const { output } = spec;
    const stdio = stdioEntries(output, spec.needsLines);
    if (output.type !== 'file') {
      return new InstanceOutput(stdio, this.#sinks(spec, output.type), (ended) => this.#track(ended));
    }
    const file = this.#logFiles.acquire(output.file, output, spec.uid ?? undefined);
    return new InstanceOutput(stdio, [new FileSink(file), new FileSink(file)], (ended) =>
      this.#track(ended.then(() => this.#logFiles.release(file))),
    );
  }

  /**
   * Writes a message of the manager to stderr. Its lines are never mixed with lines of instances. Never waits: if more
   * than 1 MiB of messages wait, further messages are dropped and counted. If stderr has no reader any more, one last
   * message goes to stdout: the message that reports this.
   */
  writeMessage(text: string): void {
    const { stdout, stderr } = this.#destinations;
    if (!stderr.isClosed) {
      stderr.writeMessage(text);
    } else if (!this.#hasUsedStdout) {
      this.#hasUsedStdout = true;
      stdout.writeMessage(text);
    }
  }

  /** Opens all log files again by their names. */
  reopen(): void {
    this.#logFiles.reopen();
  }

  /**
   * Resolves with true when everything is written, also the output of released instances; with false after
   * `deadlineMs`.
   */
  async flush(deadlineMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, false);
    });
    const isDone = await Promise.race([this.#idle(), deadline]);
    clearTimeout(timer);
    return isDone;
  }

  #sinks(spec: OutputSpec, type: Exclude<Output['type'], 'file'>): [Sink, Sink] {
    const { stdout, stderr } = this.#destinations;
    switch (type) {
      case 'prefix': {
        const prefix = `${instanceLabel(spec.service, spec.parameter)} | `;
        return [new PrefixedSink(stdout, prefix, this.#pool), new PrefixedSink(stderr, prefix, this.#pool)];
      }
      case 'inherit':
        return [new RawSink(stdout), new RawSink(stderr)];
      case 'ignore':
        return [new DiscardingSink(), new DiscardingSink()];
    }
  }

  #track(release: Promise<void>): Promise<void> {
    this.#releasing.add(release);
    return release.finally(() => this.#releasing.delete(release));
  }

  async #idle(): Promise<true> {
    await Promise.all(this.#releasing);
    await Promise.all([
      this.#destinations.stdout.idle(),
      this.#destinations.stderr.idle(),
      this.#logFiles.idle(),
    ]);
    return true;
  }
}

/** `report` is called when output is lost or flows again. It may call `writeMessage`. */
export function createOutputs(options: {
  readonly stdout: StandardStream;
  readonly stderr: StandardStream;
  readonly report: ReportOutput;
}): Outputs {
  return new Outputs(
    openDestinations(options.stdout, options.stderr, options.report),
    new LogFiles(options.report),
  );
}

function instanceLabel(service: string, parameter: Parameter): string {
  return parameter === null ? service : `${service}:${parameter}`;
}

import { LogFile, type LogLimits } from './log-file.ts';
import type { ReportOutput } from '../report-output.ts';

interface Entry {
  readonly file: LogFile;
  references: number;
}

/** The log files in use: one writer a path, so that instances which share a file also share its rotation. */
export class LogFiles {
  readonly #report: ReportOutput;
  readonly #entries = new Map<string, Entry>();

  constructor(report: ReportOutput) {
    this.#report = report;
  }

  /**
   * The writer for `path`, to be given back with `release`. The limits given last are in force. `user`: who runs the
   * instance; the manager's own user otherwise.
   */
  acquire(path: string, limits: LogLimits, user: number = process.getuid?.() ?? 0): LogFile {
    const entry = this.#entries.get(path) ?? {
      file: new LogFile(path, limits, this.#report, user),
      references: 0,
    };
    this.#entries.set(path, entry);
    entry.file.limits = limits;
    entry.file.users.add(user);
    entry.references++;
    return entry.file;
  }

  async release(file: LogFile): Promise<void> {
    const entry = this.#entries.get(file.path);
    if (entry === undefined) return;
    entry.references--;
    await file.idle();
    if (entry.references > 0 || this.#entries.get(file.path) !== entry) return;
    this.#entries.delete(file.path);
    await file.close();
  }

  reopen(): void {
    for (const { file } of this.#entries.values()) file.reopen();
  }

  /** Resolves once every file has written what it was given, or given it up. */
  async idle(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ file }) => file.idle()));
  }
}

import { LogFile, type LogLimits } from './log-file.ts';
import type { ReportOutput } from '../report-output.ts';

interface Entry {
  readonly file: LogFile;
  references: number;
}

/** The log files in use: one writer per path, so that instances that share a file also share its rotation. */
export class LogFiles {
  readonly #report: ReportOutput;
  readonly #entries = new Map<string, Entry>();

  constructor(report: ReportOutput) {
    this.#report = report;
  }

  /**
   * The writer for `path`; give it back with `release`. The limits of the last call are in force. `user`: the user of
   * the instance; by default the manager's user.
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

  /** Resolves when all files have written or given up all bytes. */
  async idle(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ file }) => file.idle()));
  }
}

/** Writes one log file: waits, rotates and retries without ever blocking an instance for long. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppendFile, ForeignFile } from './append-file.ts';
import type { FlowGate } from '../destinations/flow-gate.ts';
import { NEWLINE } from '../lines/line-framer.ts';
import { LogQueue } from './log-queue.ts';
import { rotateLogs } from './log-rotation.ts';
import { errnoName, type ReportOutput } from '../report-output.ts';

/** After a failure, nothing is written for this time. */
const RETRY_MS = 1000;
/** The time between two checks of an open file: another program may have removed or truncated it. */
const CHECK_MS = 1000;
/** A pipe or device that is full is tried again after this time. */
const BUSY_MS = 20;

export interface LogLimits {
  /** `null`: never rotated. */
  readonly maxSizeBytes: number | null;
  /** How many rotated files are kept. */
  readonly maxFiles: number;
}

/**
 * One log file for any number of instances. One loop does all writes, rotations and openings, one after another. Even
 * if the file system fails, an instance waits only while a write is under way: after a failure, bytes are discarded and
 * counted until a later try succeeds.
 */
export class LogFile {
  readonly path: string;
  limits: LogLimits;
  /** The users of the instances that write to it; see `holdFolder`. */
  readonly users: Set<number>;
  readonly #report: ReportOutput;
  readonly #queue = new LogQueue();
  readonly #idleWaiters: (() => void)[] = [];
  #file: AppendFile | null = null;
  #failure: { reason: string; bytes: number; retryAt: number; isCut: boolean } | null = null;
  #rotationFailedAt: number | null = null;
  #checkedAt = 0;
  #opensAgain = true;
  #isRunning = false;

  /** Opens the file at once, so that a wrong path is reported before there is output. */
  constructor(path: string, limits: LogLimits, report: ReportOutput, user: number) {
    this.path = path;
    this.limits = limits;
    this.users = new Set([user]);
    this.#report = report;
    void this.#run();
  }

  get gate(): FlowGate {
    return this.#queue.gate;
  }

  /**
   * Never throws. `block` must not change afterwards. A block ends at a line end, unless the line is too long to hold.
   */
  write(block: Buffer): void {
    if (this.#failure !== null && performance.now() < this.#failure.retryAt) {
      this.#failure.bytes += block.length;
      return;
    }
    this.#queue.add(block);
    void this.#run();
  }

  /** Closes the file and opens it by its name again, for instance after logrotate(8) has renamed it. */
  reopen(): void {
    this.#opensAgain = true;
    void this.#run();
  }

  /** Resolves when all bytes are written or given up. */
  idle(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  /** Call this when it is idle and has no writer any more. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#opensAgain || !this.#queue.isEmpty) {
      try {
        await this.#step();
      } catch (error) {
        if (errnoName(error) === 'EAGAIN') await delay(BUSY_MS);
        else await this.#lose(errnoName(error));
      }
    }
    this.#isRunning = false;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #step(): Promise<void> {
    const file = await this.#usableFile();
    if (this.#queue.isEmpty) return;
    if (this.#failure?.isCut === true && file.size > 0) this.#queue.addFirst(NEWLINE);
    if (this.#failure !== null) this.#failure.isCut = false;
    const limit = this.#sizeLimit(file);
    const batch = this.#queue.next(limit - file.size, limit);
    if (batch.length === 0) {
      await this.#rotate();
      return;
    }
    const written = await file.append(batch);
    this.#queue.drop(written);
    if (written === 0) await this.#lose('EIO');
    else this.#restored();
  }

  /** The open file. It is opened again if there is none, if `reopen` was called, or if it was removed. */
  async #usableFile(): Promise<AppendFile> {
    const now = performance.now();
    if (this.#file !== null && now - this.#checkedAt >= CHECK_MS) {
      this.#checkedAt = now;
      if (!(await this.#file.isStillThere())) this.#opensAgain = true;
    }
    if (this.#opensAgain) {
      this.#opensAgain = false;
      await this.close();
    }
    this.#file ??= await AppendFile.open(this.path, this.users).catch(this.#moveAside);
    return this.#file;
  }

  /** Renames a file that, for instance, an earlier manager created as root. Its folder's owner could rename it too. */
  readonly #moveAside = async (error: unknown): Promise<AppendFile> => {
    if (!(error instanceof ForeignFile)) throw error;
    const rotated = await rotateLogs(this.path, this.limits.maxFiles, this.users);
    if (!rotated.ok) throw error;
    return await AppendFile.open(this.path, this.users);
  };

  #sizeLimit(file: AppendFile): number {
    const isHopeless =
      this.#rotationFailedAt !== null && performance.now() - this.#rotationFailedAt < RETRY_MS;
    return !file.isRegular || isHopeless ? Infinity : (this.limits.maxSizeBytes ?? Infinity);
  }

  // If the file cannot be renamed, it grows beyond its limit: a log that is too long is better than a lost one.
  async #rotate(): Promise<void> {
    const rotated = await rotateLogs(this.path, this.limits.maxFiles, this.users);
    if (rotated.ok) {
      this.#rotationFailedAt = null;
      this.#opensAgain = true;
      return;
    }
    if (this.#rotationFailedAt === null) {
      this.#report({ type: 'output-not-rotated', file: this.path, reason: rotated.reason });
    }
    this.#rotationFailedAt = performance.now();
  }

  async #lose(reason: string): Promise<void> {
    const isCut = this.#file?.endsInsideLine ?? this.#failure?.isCut ?? false;
    await this.close();
    const bytes = (this.#failure?.bytes ?? 0) + this.#queue.clear();
    const isNew = this.#failure === null;
    this.#failure = { reason, bytes, isCut, retryAt: performance.now() + RETRY_MS };
    if (isNew) this.#report({ type: 'output-lost', file: this.path, reason, bytes });
  }

  #restored(): void {
    if (this.#failure === null) return;
    const { reason, bytes } = this.#failure;
    this.#failure = null;
    this.#report({ type: 'output-restored', file: this.path, reason, bytes });
  }
}

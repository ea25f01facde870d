import { setTimeout as delay } from 'node:timers/promises';
import { AppendFile, ForeignFile } from './append-file.ts';
import type { FlowGate } from '../destinations/flow-gate.ts';
import { NEWLINE } from '../lines/line-framer.ts';
import { LogQueue } from './log-queue.ts';
import { rotateLogs } from './log-rotation.ts';
import { errnoName, type ReportOutput } from '../report-output.ts';

/** After a failure, what comes within this time is not tried. */
const RETRY_MS = 1000;
/** How often a file in use is looked at: was it removed, or cut by somebody else? */
const CHECK_MS = 1000;
/** A pipe or device that takes no more for now is tried again after this. */
const BUSY_MS = 20;

export interface LogLimits {
  /** `null`: never rotated. */
  readonly maxSizeBytes: number | null;
  /** How many rotated files are kept. */
  readonly maxFiles: number;
}

/**
 * One log file, however many instances write to it. Writes, rotations and openings follow one another in a single
 * loop. Whatever the file system does, whoever writes here is held back only while a write is under way: after a
 * failure bytes are discarded and counted until a later try succeeds.
 */
export class LogFile {
  readonly path: string;
  limits: LogLimits;
  /** Who runs the instances that write to it; see `holdFolder`. */
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

  /** Opens the file at once, so that a wrong path shows before there is output. */
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

  /** Never throws; `block` must not change afterwards. Blocks end at line ends, but for lines too long to be held. */
  write(block: Buffer): void {
    if (this.#failure !== null && performance.now() < this.#failure.retryAt) {
      this.#failure.bytes += block.length;
      return;
    }
    this.#queue.add(block);
    void this.#run();
  }

  /** Closes the file and opens it by its name, as after logrotate(8) has renamed it. */
  reopen(): void {
    this.#opensAgain = true;
    void this.#run();
  }

  /** Resolves once everything is written, or given up. */
  idle(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  /** To be called once it is idle and nobody writes any more. */
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

  /** The open file; opens it where there is none, where that was asked for, and where it was removed. */
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

  /** A file that an earlier manager made as root, for instance. Its folder's owner can take it away as well. */
  readonly #moveAside = async (error: unknown): Promise<AppendFile> => {
    if (!(error instanceof ForeignFile)) throw error;
    const reason = await rotateLogs(this.path, this.limits.maxFiles, this.users);
    if (reason !== null) throw error;
    return await AppendFile.open(this.path, this.users);
  };

  #sizeLimit(file: AppendFile): number {
    const isHopeless =
      this.#rotationFailedAt !== null && performance.now() - this.#rotationFailedAt < RETRY_MS;
    return !file.isRegular || isHopeless ? Infinity : (this.limits.maxSizeBytes ?? Infinity);
  }

  // A file that cannot be renamed grows on: better too long a log than none.
  async #rotate(): Promise<void> {
    const reason = await rotateLogs(this.path, this.limits.maxFiles, this.users);
    if (reason === null) {
      this.#rotationFailedAt = null;
      this.#opensAgain = true;
      return;
    }
    if (this.#rotationFailedAt === null) {
      this.#report({ type: 'output-not-rotated', file: this.path, reason });
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

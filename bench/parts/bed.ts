// What the parts share: a folder, a FIFO that children report to with their first instruction, and medians.
import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const bin = path.resolve(import.meta.dirname, '../../bin/alternate');

/** A line of the table. */
export interface Row {
  readonly what: string;
  readonly ours: number;
  /** What the same costs a bare program; null: there is nothing to compare with. */
  readonly floor: number | null;
  readonly unit: string;
  readonly aim: string;
  readonly reached: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** Resolves once this long has passed: a bench lets a program settle, which tests may not. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export type Bed = ReturnType<typeof openBed>;

export function openBed() {
  const folder = mkdtempSync(path.join(tmpdir(), 'alt-bench-'));
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  // Opened for both ends, so that it never ends; read through epoll, so that a report is timed without a thread's detour.
  const pipe = new Socket({ fd: openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK) });
  const waiting: ((at: number) => void)[] = [];
  pipe.on('data', () => waiting.shift()?.(performance.now()));
  const children = new Set<ChildProcess>();
  return {
    folder,
    /** A command whose first instruction reports; `%alt` and more words may follow. */
    reporter: `/bin/sh -c 'echo >${fifo}; exec sleep 1000' %alt`,
    reporterWords: ['/bin/sh', '-c', `echo >${fifo}; exec sleep 1000`] as const,
    /** The time of the next report. */
    reported: () => new Promise<number>((resolve) => waiting.push(resolve)),
    write(name: string, text: string): string {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      return file;
    },
    start(command: string, words: readonly string[], stdio: StdioOptions = 'ignore'): ChildProcess {
      const child = spawn(command, words, {
        cwd: folder,
        stdio,
        env: { ...process.env, ALTERNATE_SOCKET: '' },
      });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    async stop(child: ChildProcess): Promise<void> {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
    close() {
      for (const child of children) child.kill('SIGTERM');
      pipe.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resident memory in MB. */
export function residentMb(child: ChildProcess): number {
  return numberIn(`/proc/${pidOf(child)}/status`, /VmRSS:\s+(\d+)/) / 1024;
}

/** The pid of a program that was started; throws where it could not be. */
export function pidOf({ pid, spawnfile }: ChildProcess): number {
  if (pid === undefined) throw new Error(`${spawnfile} did not start`);
  return pid;
}

function numberIn(file: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(file, 'latin1'))?.[1]);
}

/** Voluntary context switches of all threads: each is a wake-up that ended. */
export function wakeUps(child: ChildProcess): number {
  const folder = `/proc/${pidOf(child)}/task`;
  return readdirSync(folder)
    .map((task) => numberIn(`${folder}/${task}/status`, /^voluntary_ctxt_switches:\s+(\d+)/m))
    .reduce((a, b) => a + b, 0);
}

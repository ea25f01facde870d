// What the parts share: a folder, a FIFO that children report to with their first instruction, and medians.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, constants } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const bin = path.resolve(import.meta.dirname, '../../bin/alternate');

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

/** Resolves once this long has passed: a bench lets a program settle, which tests may not. */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function openBed() {
  const folder = mkdtempSync(path.join(tmpdir(), 'alt-bench-'));
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  // Opened for both ends, so that it never ends; read through epoll, so that a report is timed without a thread's detour.
  const pipe = new Socket({ fd: openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK) });
  const waiting = [];
  pipe.on('data', () => waiting.shift()?.(performance.now()));
  const children = new Set();
  return {
    folder,
    /** A command whose first instruction reports; `%alt` and more words may follow. */
    reporter: `/bin/sh -c 'echo >${fifo}; exec sleep 1000' %alt`,
    reporterWords: ['/bin/sh', '-c', `echo >${fifo}; exec sleep 1000`],
    /** The time of the next report. */
    reported: () => new Promise((resolve) => waiting.push(resolve)),
    write(name, text) {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      return file;
    },
    start(command, words, stdio = 'ignore') {
      const child = spawn(command, words, {
        cwd: folder,
        stdio,
        env: { ...process.env, ALTERNATE_SOCKET: '' },
      });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    async stop(child) {
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
export function residentMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024;
}

/** Voluntary context switches of all threads: each is a wake-up that ended. */
export function wakeUps(pid) {
  const tasks = execFileSync('ls', [`/proc/${pid}/task`], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return tasks
    .map((task) =>
      Number(
        /^voluntary_ctxt_switches:\s+(\d+)/m.exec(
          readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1'),
        )[1],
      ),
    )
    .reduce((a, b) => a + b, 0);
}

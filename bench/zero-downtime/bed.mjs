// What every row stands on: a folder, free ports, the compiled programs, processes that are ended with it.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const here = import.meta.dirname;

/** Monotonic time in ms, the same clock as the load's. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until the answer is truthy, and gives it; throws after the deadline with what was waited for. */
export async function until(what, ask, deadlineMs = 20_000, everyMs = 10) {
  const end = now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (now() > end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await pause(everyMs);
  }
}

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** What a request to `/healthz` is answered with; null where it is not. */
export async function statusOf(port) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { Connection: 'close' } });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}

export function openBed() {
  const folder = mkdtempSync(path.join(tmpdir(), 'alt-zero-'));
  // A proxy that was started by root serves as somebody else, who has to get at the route's files.
  chmodSync(folder, 0o755);
  const compile = (name) => {
    const program = path.join(folder, name);
    const sources = readdirSync(path.join(here, name)).filter((file) => file.endsWith('.c'));
    execFileSync('cc', ['-O2', '-o', program, ...sources.map((file) => path.join(here, name, file))], {
      stdio: 'inherit',
    });
    return program;
  };
  const running = new Set();
  return {
    folder,
    server: compile('server'),
    load: compile('load'),
    /** Starts a program in the foreground; what it says goes to `log`, its standard output too unless that is piped. */
    start(command, words, { cwd = folder, log, stdout, env = {} }) {
      const file = openSync(log, 'a');
      const child = spawn(command, words, {
        cwd,
        stdio: ['ignore', stdout ?? file, file],
        env: { ...process.env, ALTERNATE_SOCKET: '', NODE_OPTIONS: '', ...env },
      });
      closeSync(file);
      child.log = () => readFileSync(log, 'utf8');
      child.ended = new Promise((resolve) => child.once('close', resolve));
      child.once('error', () => running.delete(child));
      running.add(child);
      child.once('exit', () => running.delete(child));
      return child;
    },
    /** TERM, and KILL for one that does not heed it within 15 s. */
    async stop(child) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const kill = setTimeout(() => child.kill('SIGKILL'), 15_000);
      child.kill('SIGTERM');
      await child.ended;
      clearTimeout(kill);
    },
    close() {
      for (const child of running) child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

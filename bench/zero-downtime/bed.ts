// What every row stands on: a folder, free ports, the compiled programs, processes that are ended with it.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const here = import.meta.dirname;

/** A program in the foreground. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has said so far. */
  log(): string;
  /** Resolves once it has exited and its output is closed. */
  readonly ended: Promise<void>;
}

export type Bed = ReturnType<typeof openBed>;

/** Monotonic time in ms, the same clock as the load's. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until the answer is truthy, and gives it; throws after the deadline with what was waited for. */
export async function until<Answer>(
  what: string,
  ask: () => Answer | false | null | Promise<Answer | false | null>,
  deadlineMs = 20_000,
  everyMs = 10,
): Promise<Answer> {
  const end = now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (now() > end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await pause(everyMs);
  }
}

/** A port for clients, and two for instances. */
export async function freePorts(): Promise<[number, number, number]> {
  const servers = await Promise.all([listening(), listening(), listening()]);
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  const ports: [number, number, number] = [portOf(servers[0]), portOf(servers[1]), portOf(servers[2])];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** What a request to `/healthz` is answered with; null where it is not. */
export async function statusOf(port: number): Promise<number | null> {
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
  const compile = (name: string) => {
    const program = path.join(folder, name);
    const sources = readdirSync(path.join(here, name)).filter((file) => file.endsWith('.c'));
    execFileSync('cc', ['-O2', '-o', program, ...sources.map((file) => path.join(here, name, file))], {
      stdio: 'inherit',
    });
    return program;
  };
  const running = new Set<ChildProcess>();
  return {
    folder,
    server: compile('server'),
    load: compile('load'),
    /** Starts a program in the foreground; what it says goes to `log`, its standard output too unless that is piped. */
    start(
      command: string,
      words: readonly string[],
      { cwd = folder, log, stdout }: { cwd?: string; log: string; stdout?: 'pipe' },
    ): Running {
      const file = openSync(log, 'a');
      const child = spawn(command, words, {
        cwd,
        stdio: ['ignore', stdout ?? file, file],
        env: { ...process.env, ALTERNATE_SOCKET: '', NODE_OPTIONS: '' },
      });
      closeSync(file);
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      child.once('error', () => running.delete(child));
      running.add(child);
      child.once('exit', () => running.delete(child));
      return { child, ended, log: () => readFileSync(log, 'utf8') };
    },
    /** TERM, and KILL for one that does not heed it within 15 s. */
    async stop({ child, ended }: Running): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const kill = setTimeout(() => child.kill('SIGKILL'), 15_000);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(kill);
    },
    close() {
      for (const child of running) child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

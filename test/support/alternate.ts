import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServiceStatus, StatusDocument } from '../../src/api/status-document.ts';
import { explainTimeouts, until } from './until.ts';

export const bin = path.resolve(import.meta.dirname, '../../bin/alternate');

/** A folder of its own, removed at the end by whoever made it. */
export function temporaryFolder(): { path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'alt-'));
  return {
    path: folder,
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** In a process group of its own. */
  readonly detached?: boolean;
  /** A command that becomes the program, which follows as its last words: `unshare …`. */
  readonly through?: readonly string[];
}

/** One running `alternate`. */
export class Alternate {
  readonly child: ChildProcess;
  readonly cwd: string;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly #env: Readonly<Record<string, string>>;

  constructor(words: readonly string[], { cwd, env = {}, detached = false, through = [] }: RunOptions) {
    this.cwd = cwd;
    // A state folder of its own, so that nothing is left behind in /var/lib/alternate.
    this.#env = { STATE_DIRECTORY: path.join(cwd, '.state'), ...env };
    const [program = bin, ...rest] = [...through, bin, ...words];
    this.child = spawn(program, rest, {
      cwd,
      env: { ...process.env, ...this.#env },
      detached,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString('utf8')));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString('utf8')));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    explainTimeouts(() => `--- ${words.join(' ')}\n${this.stdout}\n--- its stderr\n${this.stderr}`);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** A line of its stderr, its own log. */
  async logged(pattern: RegExp, count = 1): Promise<string> {
    const all = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
    return await until(
      `log line ${String(pattern)} (${count})`,
      () => [...this.stderr.matchAll(all)][count - 1]?.[0],
    );
  }

  /** A client command against this manager, run to its end. */
  async command(...words: string[]): Promise<Ended> {
    return await runAlternate(words, { cwd: this.cwd, env: this.#env });
  }

  async status(): Promise<StatusDocument> {
    const { stdout, stderr } = await this.command('status', '--json');
    try {
      return JSON.parse(stdout) as StatusDocument;
    } catch {
      throw new Error(`no status document: ${stdout}${stderr}`);
    }
  }

  /** A service's part of the status, as soon as it looks as wanted. */
  async service(
    name: string,
    wanted: (service: ServiceStatus) => boolean,
    what = 'as wanted',
  ): Promise<ServiceStatus> {
    return await until(`${name} ${what}`, async () => {
      // The manager may still be starting.
      const document = await this.status().catch(() => null);
      const service = document?.services.find((candidate) => candidate.name === name);
      return service !== undefined && wanted(service) ? service : null;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** TERM, then waits for its end. */
  async stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return await until('the end of alternate', this.ended);
  }

  /** For afterEach: whatever happened, nothing is left. A second TERM kills the instances. */
  async discard(): Promise<void> {
    for (
      let tries = 0;
      this.child.exitCode === null && this.child.signalCode === null && tries < 3;
      tries++
    ) {
      this.signal('SIGTERM');
      await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 3_000))]);
    }
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Runs `alternate` to its end. */
export async function runAlternate(words: readonly string[], options: RunOptions): Promise<Ended> {
  const run = new Alternate(words, options);
  return await until(`the end of alternate ${words.join(' ')}`, run.ended);
}

/** Writes alternate.config.yaml into a folder. */
export function writeConfig(folder: string, yaml: string): string {
  const file = path.join(folder, 'alternate.config.yaml');
  writeFileSync(file, yaml);
  return file;
}

/** The real HAProxy, as a test's own process; all its addresses are unix sockets, so that it needs no port. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { explainTimeouts, forgetExplanations, until } from '../support/until.ts';

const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };

export const hasHaproxy = spawnSync('haproxy', ['-v'], { env }).status === 0;

export class Haproxy {
  readonly socket: string;
  readonly #folder: string;
  readonly #front: string;
  #child: ChildProcess | undefined;
  #log = '';

  /** `second`: what follows the address in the line of the server `api-b`. */
  constructor(folder: string, { level = 'admin', second = '' } = {}) {
    this.#folder = folder;
    this.socket = path.join(folder, 'admin.sock');
    this.#front = path.join(folder, 'front.sock');
    writeFileSync(
      path.join(folder, 'haproxy.cfg'),
      `global
  stats socket ${this.socket} mode 600 level ${level} expose-fd listeners
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend front
  bind unix@${this.#front}
  default_backend api
backend api
  server api-a unix@${folder}/a.sock
  server api-b unix@${folder}/b.sock ${second}
`,
    );
    explainTimeouts(() => `HAProxy said:\n${this.#log}`);
    onTestFinished(forgetExplanations);
    onTestFinished(() => this.kill());
  }

  /** `-db` keeps it in the foreground; `-W` has a master that replaces its worker on SIGUSR2. */
  async start(...options: readonly string[]): Promise<this> {
    const args = [...options, '-db', '-f', path.join(this.#folder, 'haproxy.cfg')];
    const child = spawn('haproxy', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const hear = (chunk: Buffer): void => {
      this.#log += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    await until('HAProxy to answer', () => this.accepts());
    return this;
  }

  accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.socket);
      const settle = (accepts: boolean) => () => {
        socket.destroy();
        resolve(accepts);
      };
      socket.once('connect', settle(true)).once('error', settle(false));
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    // A master leaves its worker behind when it is killed, and takes it along on TERM.
    child.kill('SIGTERM');
    await exited;
  }

  /** Replaces the worker of a HAProxy that was started with `-W`, at once or a second later. */
  async reload(): Promise<void> {
    const before = this.#loads;
    const loaded = (): boolean => this.#loads > before;
    // A master that has only just loaded its configuration loses the signal.
    while (!loaded()) {
      this.#child?.kill('SIGUSR2');
      await until('HAProxy to be loaded again', loaded, 1_000).catch(() => undefined);
    }
  }

  get #loads(): number {
    return this.#log.split('Loading success').length - 1;
  }

  /** Servers that answer with the letter of their parameter. */
  async serve(...parameters: readonly string[]): Promise<void> {
    for (const parameter of parameters) {
      const server = createServer((_request, response) => response.end(parameter));
      onTestFinished(() => {
        server.close();
        server.closeAllConnections();
      });
      await new Promise<void>((resolve) => {
        server.listen(path.join(this.#folder, `${parameter}.sock`), resolve);
      });
    }
  }

  /** Who answered each of some requests, or the status that HAProxy gave itself; each name once. */
  async whoAnswers(): Promise<string[]> {
    const answers = new Set<string>();
    for (let count = 0; count < 8; count++) answers.add(await this.#request());
    return [...answers].sort();
  }

  #request(): Promise<string> {
    return new Promise((resolve, reject) => {
      request({ socketPath: this.#front, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.once('end', () => {
          resolve(response.statusCode === 200 ? text : String(response.statusCode));
        });
      })
        .once('error', reject)
        .end();
    });
  }
}

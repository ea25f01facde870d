import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/alternate.ts';
import { freePorts } from '../support/ports.ts';
import { startLoad, type Load } from '../support/load.ts';
import { explainTimeouts, forgetExplanations, until } from '../support/until.ts';

const examples = path.resolve(import.meta.dirname, '../../examples/stopping');
const has = (program: string, ...words: string[]): boolean => spawnSync(program, words).status === 0;

/** A client that keeps its one connection. */
class KeptConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** The whole answer's body. */
  async get(target: string): Promise<string> {
    return await new Promise((resolve, reject) => {
      const asked = request({ agent: this.#agent, port: this.#port, path: target }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('error', reject);
        response.once('end', () => {
          resolve(text);
        });
      });
      asked.once('error', reject);
      asked.end();
    });
  }
}

/** A server that listens, and is told to stop. */
class Server {
  readonly port: number;
  readonly ended: Promise<object>;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  /** @param words its command; the port is added as the last word */
  static async started(...[program = '', ...words]: readonly string[]): Promise<Server> {
    const [port = 0] = await freePorts(1);
    const child = spawn(program, [...words, String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const server = new Server(port, child);
    explainTimeouts(() => output);
    onTestFinished(() => {
      child.kill('SIGKILL');
      forgetExplanations();
    });
    await until(`${program} to listen`, () => output.includes('listening'));
    return server;
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** Sixteen clients, each with its connection: half of them send without a pause, the others are idle most of the time. */
  load(): Load {
    const bodyBytes = 1_000;
    const workload = [
      { name: 'get' },
      { name: 'post', bodyBytes },
      { name: 'idle get', pauseMs: 50 },
      { name: 'idle post', bodyBytes, pauseMs: 100 },
    ];
    const load = startLoad({ port: this.port, connections: 16, workload });
    onTestFinished(() => {
      load.discard();
    });
    return load;
  }
}

/** Stops it while sixteen clients are sending and one waits for a slow answer: nothing may be lost. */
async function losesNothing(...command: readonly string[]): Promise<void> {
  const server = await Server.started(...command);
  const load = server.load();
  const patient = new KeptConnection(server.port);
  expect(await patient.get('/')).toContain('GET');
  await load.until(500);
  const slow = patient.get('/slow');
  await load.until(100);
  const terminatedAt = Date.now();
  server.terminate();
  await load.until(16);
  // Whoever started it through a wrapper that passes signals on gets it twice.
  server.terminate();
  expect(await until('the slow answer', slow)).toEqual(expect.stringMatching(/^GET with 0 \w+, from \d+\n$/));
  expect(await until('its exit', server.ended)).toEqual({ code: 0, signal: null });

  const { failures, failed, reconnects, examples: lost } = await load.stop();
  // Each client has been told to come on another connection, and nobody answers there any more.
  expect(lost.filter(({ reason }) => reason !== 'refused')).toEqual([]);
  expect(failures).toEqual({ refused: failed });
  expect(Date.parse(lost[0]?.at ?? '')).toBeGreaterThanOrEqual(terminatedAt);
  // None has found its connection closed without having been told.
  expect(reconnects).toBe(0);
}

describe('a server that is told to stop loses no request of clients with kept-alive connections', () => {
  test('Node', async () => {
    await losesNothing(process.execPath, path.join(examples, 'server.mjs'));
  });

  test.skipIf(!has('python3', '--version'))('Python (needs python3)', async () => {
    await losesNothing('python3', path.join(examples, 'server.py'));
  });

  // Where Go brings no compiled standard library it compiles that first.
  test.skipIf(!has('go', 'version'))('Go (needs go)', { timeout: 240_000 }, async () => {
    const folder = temporaryFolder();
    onTestFinished(() => {
      folder.remove();
    });
    const program = path.join(folder.path, 'server');
    const surroundings = { GOCACHE: path.join(folder.path, 'cache'), GOFLAGS: '-mod=mod', GOPROXY: 'off' };
    const built = spawnSync('go', ['build', '-o', program, path.join(examples, 'server.go')], {
      env: { ...process.env, ...surroundings },
      encoding: 'utf8',
    });
    expect(built).toMatchObject({ status: 0, stderr: '' });
    await losesNothing(program);
  });
});

test("Node's own server.close() closes idle connections at once, which is where requests are lost", async () => {
  const plain = `
    const server = require('node:http').createServer((request, response) => request.resume().on('end', () => response.end()));
    server.listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'));
    process.on('SIGTERM', () => server.close());
  `;
  const server = await Server.started(process.execPath, '-e', plain);
  const load = server.load();
  await load.until(500);
  server.terminate();
  expect(await until('its exit', server.ended)).toEqual({ code: 0, signal: null });
  expect((await load.stop()).reconnects).toBeGreaterThan(0);
});

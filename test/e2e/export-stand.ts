/** Two instances in the test's own process, the folder of a route that the test keeps, and a proxy of the distribution. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { runAlternate, temporaryFolder, writeConfig } from '../support/alternate.ts';
import { freePorts } from '../support/ports.ts';
import { explainTimeouts, forgetExplanations, until } from '../support/until.ts';

/** What an instance saw of a request. */
export interface Seen {
  readonly instance: string;
  readonly url: string;
  readonly host: string;
  readonly body: string;
}

/** A server in this process that answers with what it has seen, and takes connections over as WebSockets do. */
async function instance(name: string): Promise<number> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.end(JSON.stringify({ instance: name, url: request.url, host: request.headers.host, body }));
    });
  });
  server.on('upgrade', (request, socket) => {
    // RFC 6455, section 4.2.2; proxies look at it.
    const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A name that has to be quoted everywhere. */
const ODD = "it's an ødd folder";

export interface Stand {
  readonly folder: string;
  readonly port: number;
  /** The instance that the route's folder names. */
  route(to: 'one' | 'two', on: boolean): void;
  exported(...words: string[]): Promise<string>;
  write(name: string, text: string): void;
}

/** Two instances, the folder that a route would keep, and a port for a proxy. */
export async function stand(): Promise<Stand> {
  const temporary = temporaryFolder();
  const folder = path.join(temporary.path, ODD);
  // As root a proxy serves as somebody else, who must be able to see the files.
  chmodSync(temporary.path, 0o755);
  mkdirSync(path.join(folder, 'run'), { recursive: true });
  onTestFinished(() => {
    temporary.remove();
    forgetExplanations();
  });
  const parameters = { one: await instance('one'), two: await instance('two') };
  const [port = 0] = await freePorts(1);
  const both = `command: x %alt, parameters: [${parameters.one}, ${parameters.two}], address: '127.0.0.1:%alt'`;
  const socket = path.join(temporary.path, 'admin.sock');
  const haproxy = `{ socket: ${socket}, backend: web, server: s-%alt }`;
  // Each of the two is routed to by files, and by HAProxy; one configuration does not have an address twice.
  const configOf = (kind: string | undefined): string =>
    writeConfig(
      folder,
      kind === 'haproxy'
        ? `services: { told: { ${both}, route: { haproxy: ${haproxy} } } }`
        : `services: { web: { ${both}, route: { files: run } } }`,
    );
  return {
    folder,
    port,
    route(to, on) {
      const file = path.join(folder, 'run', String(parameters[to]));
      if (on) writeFileSync(file, '');
      else rmSync(file);
    },
    async exported(...words) {
      const { code, stdout, stderr } = await runAlternate(
        ['--config', configOf(words[0]), 'export', ...words],
        { cwd: temporary.path },
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    },
    write(name, text) {
      writeFileSync(path.join(folder, name), text);
    },
  };
}

/** Runs a proxy in the stand's folder until the test ends. */
export function startProxy({ folder }: Stand, program: string, ...words: string[]): void {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, words, {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  explainTimeouts(() => `--- ${program}\n${said}`);
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode !== null || child.pid === undefined) return;
    process.kill(-child.pid, 'SIGKILL');
    await until(`the end of ${program}`, ended);
  });
}

export async function ask({ port }: Stand, target: string, body?: string): Promise<Seen | number> {
  const init = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(`http://127.0.0.1:${port}${target}`, init);
  if (response.status !== 200) {
    await response.text();
    return response.status;
  }
  return (await response.json()) as Seen;
}

/** What comes back on an upgraded connection. */
export async function echoed({ port }: Stand, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  const head = [
    'GET /socket HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
  ];
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
  socket.write(`${[...head, key, 'Sec-WebSocket-Version: 13'].join('\r\n')}\r\n\r\n`);
  await until('the upgrade', () => /^HTTP\/1.1 101[^]*\r\n\r\n/.test(received));
  socket.write(text);
  const echo = await until('an echo', () => /\r\n\r\n(.+)$/.exec(received)?.[1]);
  // Some proxies wait for it when they are told to stop.
  socket.destroy();
  return echo;
}

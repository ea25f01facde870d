// One manager with one service, and the ways to have it rotated.
import { appendFileSync, copyFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { until, type Bed, type Running } from './bed.ts';

/** How a rotation is asked for. */
export type Driven = 'signal' | 'socket' | 'watcher';

/** What is looked at in the control socket's view of the service. */
interface View {
  readonly current: { readonly pid: number; readonly state: string } | null;
  readonly next: object | null;
  readonly retiring: readonly object[];
  readonly rotations: { readonly completed: number; readonly failed: number };
}

/** A configuration that was written, and what rotations need to know about it. */
export interface Configured {
  readonly config: string;
  readonly socket: string;
  readonly program: string;
}

export interface Manager {
  readonly running: Running;
  /** Throws where nobody answers. */
  view(): Promise<View>;
  /** Begins one rotation and resolves with its outcome once the retired instance is gone. */
  rotate(driven: Driven): Promise<'completed' | 'failed'>;
}

/** Asks the control socket; gives the parsed answer, null where nobody answers. */
function ask(socketPath: string, method: string, target: string): Promise<unknown> {
  return new Promise((resolve) => {
    const request = http.request(
      { socketPath, method, path: target, headers: { Host: 'localhost' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(JSON.parse(text)));
      },
    );
    request.on('error', () => resolve(null));
    request.end();
  });
}

/** The part of a service's configuration that says how a proxy reaches it; `route` is the key's value. */
export function behindProxy({
  ports,
  route,
  readyTimeout,
}: {
  readonly ports: readonly number[];
  readonly route: object;
  readonly readyTimeout: string;
}) {
  return {
    parameters: ports.map(String),
    address: '127.0.0.1:%alt',
    ready: { http: 'http://127.0.0.1:%alt/healthz', interval: '50ms', timeout: readyTimeout },
    route,
  };
}

/** The same for a service without a proxy: its instances inherit the socket. `ready` is the way in which they say that they are. */
export function onItsSocket({
  port,
  ready,
  readyTimeout,
}: {
  readonly port: number;
  readonly ready: 'notify' | 'output' | undefined;
  readonly readyTimeout: string;
}) {
  const said = ready === 'notify' ? { notify: true } : { output: '^listening$' };
  return { listen: `127.0.0.1:${port}`, ready: { ...said, timeout: readyTimeout } };
}

/**
 * Writes its configuration into `folder`. `words` is the server's command, `program` the file of it that releases replace, `part` what
 * one of the two above gave.
 */
export function configureManager({
  folder,
  program,
  words,
  part,
  watched,
}: {
  readonly folder: string;
  readonly program: string;
  readonly words: readonly string[];
  readonly part: object;
  readonly watched: boolean;
}): Configured {
  const config = path.join(folder, 'alternate.config.json');
  const service = { command: words, overlap: '500ms', ...part, ...(watched ? { watch: [program] } : {}) };
  const socket = path.join(folder, 'm.sock');
  writeFileSync(config, JSON.stringify({ control: { socket }, services: { api: service } }, null, 2));
  return { config, socket, program };
}

/** Starts it; resolves once the first instance serves. */
export async function startManager({
  bed,
  folder,
  bin,
  config,
  socket,
  program,
}: Configured & { readonly bed: Bed; readonly folder: string; readonly bin: string }): Promise<Manager> {
  const running = bed.start(bin, ['--config', config], {
    cwd: folder,
    log: path.join(folder, 'manager.log'),
  });
  const look = async () => (await ask(socket, 'GET', '/v1/services/api')) as View | null;
  const view = async () => {
    const seen = await look();
    if (seen === null) throw new Error(`the manager does not answer:\n${running.log()}`);
    return seen;
  };
  await until('the first instance', async () => {
    if (running.child.exitCode !== null) throw new Error(`the manager ended:\n${running.log()}`);
    return (await look())?.current?.state === 'ready';
  });
  return {
    running,
    view,
    async rotate(driven) {
      const { completed, failed } = (await view()).rotations;
      await begin[driven]({ running, socket, program });
      const after = await until(
        'a rotation',
        async () => {
          const now = await view();
          const settled = now.next === null && now.retiring.length === 0;
          return settled && now.rotations.completed + now.rotations.failed > completed + failed && now;
        },
        60_000,
        50,
      );
      return after.rotations.completed > completed ? 'completed' : 'failed';
    },
  };
}

let releases = 0;

type Begin = (manager: {
  readonly running: Running;
  readonly socket: string;
  readonly program: string;
}) => unknown;

const begin: Readonly<Record<Driven, Begin>> = {
  signal: ({ running }) => running.child.kill('SIGUSR1'),
  // Waits for the outcome, so that nobody has to ask meanwhile: the way for latencies.
  socket: ({ socket }) => ask(socket, 'POST', '/v1/services/api/rotate?wait=true'),
  // As careful installers do it: a complete copy of other content, renamed over the old one.
  watcher({ program }) {
    copyFileSync(program, `${program}.new`);
    appendFileSync(`${program}.new`, `\n// release ${++releases}\n`);
    renameSync(`${program}.new`, program);
  },
};

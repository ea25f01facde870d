// One manager with one service, and the ways to have it rotated.
import { appendFileSync, copyFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { until } from './bed.mjs';

/** Asks the control socket; gives the parsed answer, null where nobody answers. */
function ask(socketPath, method, target) {
  return new Promise((resolve) => {
    const request = http.request(
      { socketPath, method, path: target, headers: { Host: 'localhost' } },
      (response) => {
        let text = '';
        response.on('data', (bytes) => (text += bytes));
        response.on('end', () => resolve(JSON.parse(text)));
      },
    );
    request.on('error', () => resolve(null));
    request.end();
  });
}

/** The part of a service's configuration that says how a proxy reaches it; `route` is the key's value. */
export function behindProxy({ ports, route, readyTimeout }) {
  return {
    parameters: ports.map(String),
    address: '127.0.0.1:%alt',
    ready: { http: 'http://127.0.0.1:%alt/healthz', interval: '50ms', timeout: readyTimeout },
    route,
  };
}

/** The same for a service without a proxy: its instances inherit the socket. `ready` is the way in which they say that they are. */
export function onItsSocket({ port, ready, readyTimeout }) {
  const said = ready === 'notify' ? { notify: true } : { output: '^listening$' };
  return { listen: `127.0.0.1:${port}`, ready: { ...said, timeout: readyTimeout } };
}

/**
 * Writes its configuration into `folder`. `words` is the server's command, `program` the file of it that releases replace, `part` what
 * one of the two above gave.
 */
export function configureManager({ folder, program, words, part, watched }) {
  const config = path.join(folder, 'alternate.config.json');
  const service = { command: words, overlap: '500ms', ...part, ...(watched ? { watch: [program] } : {}) };
  const socket = path.join(folder, 'm.sock');
  writeFileSync(config, JSON.stringify({ control: { socket }, services: { api: service } }, null, 2));
  return { config, socket, program };
}

/** Starts it; resolves once the first instance serves. */
export async function startManager({ bed, folder, bin, config, socket, program }) {
  const child = bed.start(bin, ['--config', config], { cwd: folder, log: path.join(folder, 'manager.log') });
  const view = () => ask(socket, 'GET', '/v1/services/api');
  await until('the first instance', async () => {
    if (child.exitCode !== null) throw new Error(`the manager ended:\n${child.log()}`);
    return (await view())?.current?.state === 'ready';
  });
  return {
    child,
    view,
    /** Begins one rotation and resolves with its outcome once the retired instance is gone. */
    async rotate(driven) {
      const { completed, failed } = (await view()).rotations;
      await begin[driven]({ child, socket, program });
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

/** How a rotation is asked for. */
const begin = {
  signal: ({ child }) => child.kill('SIGUSR1'),
  // Waits for the outcome, so that nobody has to ask meanwhile: the way for latencies.
  socket: ({ socket }) => ask(socket, 'POST', '/v1/services/api/rotate?wait=true'),
  // As careful installers do it: a complete copy of other content, renamed over the old one.
  watcher({ program }) {
    copyFileSync(program, `${program}.new`);
    appendFileSync(`${program}.new`, `\n// release ${++releases}\n`);
    renameSync(`${program}.new`, program);
  },
};

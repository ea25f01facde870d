/** Calls listen(2) on sockets without ever accepting from them. */
import { spawn } from 'node:child_process';
import { DONE, failure, type Result } from '../util/result.ts';

/**
 * Node.js cannot listen without polling, and it accepts every connection that it polls. So a separate process calls
 * listen(2) on the inherited sockets, which are the same sockets in the kernel. It ends before its event loop has run
 * once. From then on, new connections wait in the kernel. The process also makes the sockets blocking again, as systemd
 * passes them: libuv does that for the descriptors 0 to 2 of a child, and the flag belongs to the socket.
 */
const PROGRAM = `
const { createServer } = require('node:net');
const { spawnSync } = require('node:child_process');
process.argv.slice(1).forEach((backlog, index) => {
  const fd = 3 + index;
  const server = createServer();
  server.on('error', ({ code }) => {
    require('node:fs').writeSync(1, index + ' ' + code);
    process.exit(1);
  });
  // Node.js ignores a backlog in the options if there is an fd.
  server.listen({ fd }, Number(backlog));
  spawnSync('/bin/sh', ['-c', ':'], { stdio: [fd, 'ignore', 'ignore'] });
});
process.nextTick(() => process.nextTick(() => process.exit(0)));
`;

export interface ToListen {
  readonly fd: number;
  readonly backlog: number;
}

/** A second call changes the backlog. A failure has the index of the socket and the name of the errno. */
export function startListening(
  sockets: readonly ToListen[],
): Promise<Result<void, { readonly index: number; readonly code: string }>> {
  return new Promise((resolve) => {
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const args = ['-e', PROGRAM, ...sockets.map(({ backlog }) => String(backlog))];
    const stdio = ['ignore' as const, 'pipe' as const, 'ignore' as const, ...sockets.map(({ fd }) => fd)];
    const child = spawn(process.execPath, args, { env, stdio });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve(failure({ index: 0, code: error.code ?? error.message }));
    });
    child.once('close', (code) => {
      const [index = '0', reason = `exit code ${code ?? -1}`] = output === '' ? [] : output.split(' ');
      resolve(code === 0 ? DONE : failure({ index: Number(index), code: reason }));
    });
  });
}

/** Calls listen(2) on sockets without ever accepting from them. */
import { spawn } from 'node:child_process';

/**
 * Node cannot listen without polling, and what it polls it accepts. So a process of its own calls listen(2) on the
 * inherited sockets, which are the same ones in the kernel, and ends before its event loop has run once: what comes from
 * then on waits in the kernel. In passing it makes them blocking again, as systemd hands them out: libuv does that to the
 * descriptors 0 to 2 of a child, and the flag belongs to the socket.
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
  // The backlog in the options is not looked at beside fd.
  server.listen({ fd }, Number(backlog));
  spawnSync('/bin/sh', ['-c', ':'], { stdio: [fd, 'ignore', 'ignore'] });
});
process.nextTick(() => process.nextTick(() => process.exit(0)));
`;

export interface ToListen {
  readonly fd: number;
  readonly backlog: number;
}

/** Doing it again changes the backlog. @returns null, or which one failed and the errno's name */
export function startListening(
  sockets: readonly ToListen[],
): Promise<{ readonly index: number; readonly code: string } | null> {
  return new Promise((resolve) => {
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const args = ['-e', PROGRAM, ...sockets.map(({ backlog }) => String(backlog))];
    const stdio = ['ignore' as const, 'pipe' as const, 'ignore' as const, ...sockets.map(({ fd }) => fd)];
    const child = spawn(process.execPath, args, { env, stdio });
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ index: 0, code: error.code ?? error.message });
    });
    child.once('close', (code) => {
      const [index = '0', reason = `exit code ${code ?? -1}`] = said === '' ? [] : said.split(' ');
      resolve(code === 0 ? null : { index: Number(index), code: reason });
    });
  });
}

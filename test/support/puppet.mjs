// A puppet: a service's process that connects back to its test and does what it is told, one JSON object a line.
//   PUPPET_STAGE=/path/of/stage.sock node puppet.mjs [words…]
// It says hello first; then each command is answered with {done: id, …}. Signals are told as they come; SIGTERM ends it
// with code 0 unless it was told to ignore or to linger.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { writeSync } from 'node:fs';

const stage = connect(process.env['PUPPET_STAGE'] ?? '');
const tell = (/** @type {object} */ message) => stage.write(`${JSON.stringify(message)}\n`);
/** @type {Set<string>} */
const ignored = new Set();
/** @type {import('node:http').Server | undefined} */
let server;

/**
 * What is told with a command; each takes what it needs.
 * @typedef {object} Details
 * @property {number} [code]
 * @property {NodeJS.Signals} signal
 * @property {string} name
 * @property {string} text
 * @property {'stdout' | 'stderr'} [stream]
 * @property {number} descriptor
 * @property {number} port
 * @property {number} [status]
 * @property {boolean} [ignoreTerm]
 */

/** @typedef {Details & { id: number, command: string }} Told */

/** @type {Record<string, (details: Details) => object | undefined | Promise<object>>} */
const commands = {
  exit: ({ code = 0 }) => process.exit(code),
  kill: ({ signal }) => void process.kill(process.pid, signal),
  ignore: ({ signal }) => void ignored.add(signal),
  obey: ({ signal }) => void ignored.delete(signal),
  env: ({ name }) => ({ value: process.env[name] ?? null }),
  cwd: () => ({ value: process.cwd() }),
  ids: () => ({ uid: process.getuid?.(), gid: process.getgid?.(), groups: process.getgroups?.() }),
  say: ({ text, stream = 'stdout' }) => void process[stream].write(text),
  writeDescriptor: ({ descriptor, text }) => void writeSync(descriptor, text),
  // An HTTP server; status may be changed by listening again.
  listen: ({ port, status = 200 }) =>
    new Promise((resolve, reject) => {
      server?.close();
      const opened = createServer((_request, response) =>
        response.writeHead(status).end(`${process.argv[2] ?? ''} ${process.pid}`),
      );
      server = opened;
      opened.once('error', reject);
      opened.listen(port, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (opened.address());
        resolve({ port });
      });
    }),
  // A process of the same group that may outlive its leader.
  fork: ({ ignoreTerm = false }) => {
    const code = `${ignoreTerm ? "process.on('SIGTERM',()=>{});" : ''}process.stdout.write('up');setInterval(()=>{},1e9)`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
    return new Promise((resolve) => child.stdout.once('data', () => resolve({ pid: child.pid })));
  },
};

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGCONT', 'SIGUSR1', 'SIGQUIT'])
  process.on(signal, () => {
    tell({ signal });
    if (['SIGTERM', 'SIGINT', 'SIGQUIT'].includes(signal) && !ignored.has(signal)) process.exit(0);
  });

let rest = '';
stage.setEncoding('utf8');
stage.on('data', (/** @type {string} */ chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    /** @type {Told} */
    const told = JSON.parse(line);
    void obey(told);
  }
});
// The test is over: nothing may be left behind.
stage.on('close', () => process.exit(70));
stage.on('error', () => process.exit(70));
tell({ hello: process.argv[2] ?? '', pid: process.pid, argv: process.argv.slice(2) });

/** @param {Told} message */
async function obey({ id, command, ...details }) {
  try {
    tell({ done: id, ...(await commands[command]?.(details)) });
  } catch (error) {
    tell({ done: id, error: String(error) });
  }
}

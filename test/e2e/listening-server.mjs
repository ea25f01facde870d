// A server on the sockets that it inherits, which stops as examples/stopping/server.mjs does, and quicker.
//   node listening-server.mjs parameter
// It answers with its parameter and its pid: at once, or after 300 ms at /slow, or never at /never.
import { createServer } from 'node:http';
import { Server } from 'node:net';
import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const LAME_DUCK_MS = 200;
const { LISTEN_FDS, LISTEN_PID, NOTIFY_FD } = process.env;
let stopping = false;
let open = Number(LISTEN_FDS);

const servers = Array.from({ length: Number(LISTEN_FDS) }, () =>
  createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  }),
);

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(request, response) {
  await text(request);
  if (request.url === '/never') return;
  if (request.url === '/slow') await new Promise((resolve) => setTimeout(resolve, 300));
  if (stopping) response.setHeader('Connection', 'close');
  response.end(`${process.argv[2] ?? ''} ${process.pid} ${LISTEN_PID ?? ''}`);
}

servers.forEach((server, index) => {
  server.keepAliveTimeout = 60_000;
  server.listen({ fd: 3 + index }, () => {
    if (--open > 0) return;
    console.log('up');
    if (NOTIFY_FD !== undefined) writeSync(Number(NOTIFY_FD), 'READY=1');
  });
});

process.on('SIGTERM', () => {
  if (stopping) return;
  // Two turns of the event loop: what has been accepted is read.
  setImmediate(() => setImmediate(stop));
});

function stop() {
  stopping = true;
  let closed = 0;
  // The close() of an HTTP server would cut idle connections, on which a request may be under way.
  for (const server of servers)
    Server.prototype.close.call(server, () => ++closed === servers.length && process.exit(0));
  setInterval(() => servers.forEach((server) => server.closeIdleConnections()), LAME_DUCK_MS);
}

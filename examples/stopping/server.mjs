// A Node server that stops without losing a request, not even one of a client with a kept-alive connection.
//   node server.mjs 3000
import { createServer } from 'node:http';
import { Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';

const LAME_DUCK_MS = 1_000;
// Less than stop.timeout of the service, so that this program decides what is cut off, and reports it.
const LIMIT_MS = 20_000;

const port = Number(process.argv[2]);
let terminated = false;
let stopping = false;

const server = createServer((request, response) => {
  // If a client disconnects during its request, the server goes on.
  answer(request, response).catch(() => response.destroy());
});
// Longer than the proxy keeps an idle connection (nginx 60 s, Caddy 2 min), so that the proxy closes it.
server.keepAliveTimeout = 125_000;

server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${port}`));

async function answer(request, response) {
  const body = await text(request);
  if (stopping) response.setHeader('Connection', 'close');
  response.write(`${request.method} with ${body.length} characters,`);
  if (request.url === '/slow') await after(1_500);
  response.end(` from ${process.pid}\n`);
}

let arrived = false;
server.on('connection', () => (arrived = true));

// `on`, not `once`: after `once` a second SIGTERM would end the program immediately.
process.on('SIGTERM', () => {
  if (terminated) return;
  terminated = true;
  closeOnceNobodyWaits(100);
});

// 1. Stop accepting. First accept the connections that wait, as long as each turn of the event loop brings some: closing
//    the socket resets them.
function closeOnceNobodyWaits(turns) {
  arrived = false;
  // The second turn comes after the event loop has checked its sockets.
  setImmediate(() => setImmediate(() => (arrived && turns > 0 ? closeOnceNobodyWaits(turns - 1) : stop())));
}

function stop() {
  // close() of an HTTP server would also cut the idle connections, on which a request may be on its way. close() of its
  // base class does not. It is done when the last connection has ended.
  Server.prototype.close.call(server, () => process.exit(0));
  // 2. For one second, answer requests on kept-alive connections with "Connection: close".
  stopping = true;
  // 3. Then close the idle connections, repeatedly: a long answer that began before makes its connection idle later.
  setInterval(() => server.closeIdleConnections(), LAME_DUCK_MS);
  setTimeout(() => {
    console.error('stopping: cutting off what is still not done');
    process.exit(1);
  }, LIMIT_MS);
}

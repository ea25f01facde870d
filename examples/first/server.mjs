// A small HTTP server that loses no request when it is replaced. It uses the socket that it inherits (`listen` in the
// configuration), or a port of its own:
//   node server.mjs 3000
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { Server } from 'node:net';

const greeting = 'hello';
const { ALTERNATE_PARAMETER: name, NOTIFY_FD: notify } = process.env;
const [, , port] = process.argv;
let stopping = false;

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    if (stopping) response.setHeader('Connection', 'close');
    const text = request.url === '/healthz' ? 'ok' : `${greeting} from ${name ?? port} (pid ${process.pid})`;
    if (!request.headers.accept?.includes('text/html')) return response.end(`${text}\n`);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(page(text));
  });
});

server.listen(port === undefined ? { fd: 3 } : { port, host: '127.0.0.1' }, () => {
  console.log(`listening on ${port === undefined ? 'the inherited socket' : `http://127.0.0.1:${port}`}`);
  // `ready: { notify: true }`
  if (notify !== undefined) writeSync(Number(notify), 'READY=1\n');
});

// `on`, not `once`: after `once` a second SIGTERM would end the program immediately.
process.on('SIGTERM', () => {
  if (stopping) return;
  console.log('stopping: finishing the open requests');
  stopping = true;
  // Stop accepting. close() of an HTTP server would also cut the idle connections, on which a request may be on its way.
  Server.prototype.close.call(server, () => process.exit(0));
  // For one second kept-alive connections are still answered, with "Connection: close". Then the idle ones are closed.
  setInterval(() => server.closeIdleConnections(), 1_000);
});

/** For a browser, which requests it again every second. */
function page(text) {
  const colour = { blue: '#1d4ed8', green: '#15803d' }[name] ?? '#444';
  return `<!doctype html><meta http-equiv="refresh" content="1"><title>${text}</title>
<body style="margin: 0; height: 100vh; display: grid; place-items: center; background: ${colour}; color: white">
<h1 style="font-family: sans-serif">${text}</h1>
`;
}

// A small HTTP server that stops gracefully: on SIGTERM it takes no new connections, finishes the requests it has,
// tells kept-alive clients to come back on another connection, and leaves.
//   node server.mjs 3000
import { createServer } from 'node:http';

const port = Number(process.argv[2]);
const greeting = 'hello';
let stopping = false;

const server = createServer((request, response) => {
  if (stopping) response.setHeader('Connection', 'close');
  const body = request.url === '/healthz' ? 'ok\n' : `${greeting} from ${port} (pid ${process.pid})\n`;
  response.end(body);
});

server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${port}`));

process.on('SIGTERM', () => {
  stopping = true;
  console.log('stopping: finishing what is under way');
  // For a second kept-alive connections are still answered, with "Connection: close", so that none is cut off while a
  // request is on its way to it.
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, 1_000);
});

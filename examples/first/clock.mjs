// A second service: answers with the time, and prints a line when it is ready.
//   PORT=3010 node clock.mjs
import { createServer } from 'node:http';

const port = Number(process.env.PORT);
let stopping = false;

const server = createServer((_request, response) => {
  if (stopping) response.setHeader('Connection', 'close');
  response.end(`${new Date().toISOString()} from ${process.env.ALTERNATE_PARAMETER}\n`);
});

server.listen(port, '127.0.0.1', () => console.log(`ready on ${port}`));

process.on('SIGTERM', () => {
  stopping = true;
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, 1_000);
});

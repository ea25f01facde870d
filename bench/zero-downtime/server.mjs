// The bench's server in Node, as a careful person writes it: the same paths, stops and faults as server/main.c.
// Usage: node server.mjs --port PORT | --fd FD [--stop linger|close|exit] [--release FILE]
import { createHash } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import http from 'node:http';
import { Server } from 'node:net';
import { parseArgs } from 'node:util';

const LINGER_MS = 500;
const LATE_MS = 6_000;
const DIES_AFTER_MS = 250;
const CHUNK = 16 * 1024;

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string' },
    fd: { type: 'string' },
    stop: { type: 'string' },
    release: { type: 'string' },
  },
});
const fault = flags.release === undefined ? '' : readFileSync(flags.release, 'utf8').trim();
const letters = Buffer.alloc(CHUNK + 26, 'abcdefghijklmnopqrstuvwxyz');
/** @type {Set<import('node:stream').Duplex>} */
const sessions = new Set();
/** Those that were sent a close frame. @type {WeakSet<import('node:stream').Duplex>} */
const saidGoodbye = new WeakSet();
let stopping = false;

const server = http.createServer((request, response) => {
  if (stopping) response.setHeader('Connection', 'close');
  const url = new URL(request.url ?? '', 'http://localhost');
  if (fault === 'hangs') return;
  if (url.pathname === '/healthz') {
    response.statusCode = fault === 'sick' ? 500 : 200;
    end(response, 'well\n');
  } else if (url.pathname === '/slow')
    setTimeout(
      () => {
        if (stopping) response.setHeader('Connection', 'close');
        end(response, 'slow\n');
      },
      Number(url.searchParams.get('ms')),
    );
  else if (url.pathname === '/stream') stream(response, Number(url.searchParams.get('bytes')));
  else if (request.method === 'POST') {
    let size = 0;
    request.on('data', (/** @type {Buffer} */ bytes) => (size += bytes.length));
    request.on('end', () => end(response, `${size}\n`));
  } else end(response, 'hello\n');
});

/**
 * @param {http.ServerResponse} response
 * @param {string} body
 */
function end(response, body) {
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/**
 * @param {http.ServerResponse} response
 * @param {number} bytes
 */
function stream(response, bytes) {
  let written = 0;
  const more = () => {
    while (written < bytes) {
      const size = Math.min(CHUNK, bytes - written);
      const piece = letters.subarray(written % 26, (written % 26) + size);
      written += size;
      if (!response.write(piece)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}

/** Small masked frames in, the same unmasked out; enough of RFC 6455 for the load, which sends nothing else. */
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  sessions.add(socket);
  socket.on('close', () => sessions.delete(socket));
  socket.on('error', () => socket.destroy());
  let rest = Buffer.alloc(0);
  socket.on('data', (/** @type {Buffer} */ bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 6 && rest.length >= 6 + (rest.readUInt8(1) & 127)) {
      const size = rest.readUInt8(1) & 127;
      const mask = rest.subarray(2, 6);
      const payload = rest.subarray(6, 6 + size).map((byte, index) => byte ^ mask.readUInt8(index % 4));
      const closes = rest[0] === 0x88;
      rest = rest.subarray(6 + size);
      if (!saidGoodbye.has(socket))
        socket.write(Buffer.concat([Buffer.from([closes ? 0x88 : 0x81, size]), payload]));
      if (closes) socket.end();
    }
  });
  if (stopping) sayGoodbye(socket);
});

/** @param {import('node:stream').Duplex} socket */
function sayGoodbye(socket) {
  saidGoodbye.add(socket);
  socket.write(Buffer.from([0x88, 2, 1001 >> 8, 1001 & 255]));
}

function stop() {
  if (stopping) return;
  if (flags.stop === 'exit') process.exit();
  stopping = true;
  for (const socket of sessions) sayGoodbye(socket);
  if (flags.stop === 'linger') {
    // Where the socket is shared, who is not accepted here is by another instance: nobody has to be let in first.
    if (flags.fd !== undefined) Server.prototype.close.call(server);
    // `close` of an HTTP server closes idle connections at once; those that ask within the moment are answered first.
    setTimeout(() => server.close(), LINGER_MS);
    return;
  }
  server.close();
}

process.on('SIGTERM', stop);
// PM2's way to say the same.
process.on('SIGINT', stop);
// Whoever waits for it is told that this one serves: PM2 by its channel, alternate by a descriptor or a line of output.
server.on('listening', () => {
  process.send?.('ready');
  const { NOTIFY_FD } = process.env;
  if (NOTIFY_FD !== undefined) writeSync(Number(NOTIFY_FD), '\n');
  console.log('listening');
});

if (fault === 'exits') process.exit(1);
if (fault === 'dies') setTimeout(() => process.exit(1), DIES_AFTER_MS);
if (fault === 'never-listens') setInterval(() => {}, 1_000_000);
else setTimeout(() => server.listen(place()), fault === 'listens-late' ? LATE_MS : 0);

/** Where to listen: a port, or an inherited socket, which must be meant for this process (sd_listen_fds(3)). */
function place() {
  if (flags.fd === undefined) return { port: Number(flags.port), host: '127.0.0.1' };
  const { LISTEN_FDS, LISTEN_PID } = process.env;
  if (Number(LISTEN_PID) !== process.pid || Number(flags.fd) >= 3 + Number(LISTEN_FDS))
    throw new Error(`descriptor ${flags.fd} is not among LISTEN_FDS, or they are not for pid ${process.pid}`);
  return { fd: Number(flags.fd) };
}
// A kept-alive connection is the proxy's to end: longer than any proxy keeps one.
server.keepAliveTimeout = 120_000;

// Sends requests until it is told to stop, never retries one, and counts each that was not answered as it should be.
//   node load.mjs '{"port": 3000, "connections": 16, "workload": [{"name": "get"}, {"name": "post", "bodyBytes": 1000}]}'
// Run so, it prints its result as JSON at its bounds or at SIGINT; test/support/load.ts runs it and says what the fields are.
// It uses bare sockets, since HTTP clients send again, or hide, what fails.
import { connect } from 'node:net';
import { Answer } from './load-answer.mjs';

const EXAMPLES = 20;
/** After a failure a client waits for so long; a port that refuses would be asked a hundred thousand times a second. */
const PAUSE_AFTER_FAILURE_MS = 10;

const options = {
  host: '127.0.0.1',
  connections: 16,
  workload: [{ name: 'get' }],
  timeoutMs: 15_000,
  lateMs: 2_000,
  maxRequests: 1_000_000,
  maxMs: 60_000,
  ...JSON.parse(process.argv[2]),
};

const started = performance.now();
const startedAt = Date.now();
const counts = { sent: 0, answered: 0, failed: 0, late: 0, reconnects: 0 };
const failures = {};
const kinds = {};
const examples = [];
const latencies = [];
const waiting = [];
let ending = null;

/** One client: asks, waits for the whole answer, asks again; on the same connection as long as that may be used. */
class Client {
  #request;
  #bytes;
  #kind;
  #connection = null;
  #asked = null;
  #wake;

  constructor(request) {
    const { name, method, path = '/', bodyBytes = 0, fresh = false } = request;
    this.#request = request;
    this.#kind = kinds[name] ??= { sent: 0, answered: 0, failed: 0, late: 0 };
    const lines = [
      `${method ?? (bodyBytes > 0 ? 'POST' : 'GET')} ${path} HTTP/1.1`,
      `Host: ${options.host}:${options.port}`,
      ...(bodyBytes > 0 ? [`Content-Length: ${bodyBytes}`] : []),
      ...(fresh ? ['Connection: close'] : []),
    ];
    this.#bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${'x'.repeat(bodyBytes)}`);
  }

  get busy() {
    return this.#asked !== null;
  }

  ask() {
    if (ending !== null) return this.leave();
    this.#asked = { at: performance.now(), answer: new Answer() };
    counts.sent++;
    this.#kind.sent++;
    this.#connection ??= this.#open();
    this.#connection.requests++;
    this.#connection.socket.write(this.#bytes);
    if (counts.sent >= options.maxRequests) end('requests');
  }

  /** Gives a request up that has been under way for too long. */
  look(now) {
    if (this.#asked !== null && now - this.#asked.at > options.timeoutMs) this.#fail('timeout');
  }

  leave() {
    clearTimeout(this.#wake);
    if (this.busy) return;
    this.#connection?.socket.destroy();
    this.#connection = null;
  }

  #open() {
    const socket = connect({ host: options.host, port: options.port, noDelay: true });
    const connection = { socket, openedAt: performance.now(), requests: 0, open: false, localPort: null };
    socket.on('connect', () => {
      connection.open = true;
      // Forgotten by the socket once it has been reset.
      connection.localPort = socket.localPort;
    });
    socket.on('data', (bytes) => this.#received(connection, bytes));
    socket.on('end', () => this.#ended(connection));
    socket.on('error', ({ code }) => this.#ended(connection, code));
    return connection;
  }

  #received(connection, bytes) {
    if (connection !== this.#connection) return;
    // A word that nobody asked for, such as the 408 of a proxy to an idle connection: its end is near.
    if (this.#asked === null) return this.#ended(connection);
    const { answer } = this.#asked;
    answer.feed(bytes);
    if (answer.malformed !== null) this.#fail('malformed', answer.malformed, answer.unread);
    else if (answer.done) this.#answered(answer);
  }

  #ended(connection, code) {
    if (connection !== this.#connection) return;
    if (this.#asked === null) {
      // Noticed before anything was written: no request is lost, the next one opens another connection.
      counts.reconnects++;
      this.#drop();
      return;
    }
    const { answer } = this.#asked;
    if (answer.endsWithConnection && code === undefined) this.#answered(answer);
    else if (answer.begun) this.#fail('truncated', code);
    else if (!connection.open) this.#fail(code === 'ECONNREFUSED' ? 'refused' : 'unreachable', code);
    else this.#fail(code === undefined ? 'closed' : 'reset', code);
  }

  #answered({ status, close }) {
    const took = performance.now() - this.#asked.at;
    const { status: wanted = 200, lateMs = options.lateMs, fresh = false } = this.#request;
    if (status !== wanted) {
      this.#fail('status', String(status));
      return;
    }
    counts.answered++;
    this.#kind.answered++;
    latencies.push(took);
    if (took > lateMs) {
      counts.late++;
      this.#kind.late++;
      this.#example('late');
    }
    if (close || fresh) this.#drop();
    this.#next(this.#request.pauseMs ?? 0);
  }

  #fail(reason, code, detail) {
    counts.failed++;
    this.#kind.failed++;
    failures[reason] = (failures[reason] ?? 0) + 1;
    this.#example(reason, code, detail);
    this.#drop();
    this.#next(PAUSE_AFTER_FAILURE_MS);
  }

  #example(reason, code, detail) {
    if (examples.length >= EXAMPLES) return;
    const now = performance.now();
    const { openedAt, requests, localPort } = this.#connection;
    examples.push({
      at: new Date(startedAt + (now - started)).toISOString(),
      kind: this.#request.name,
      reason,
      ...(code === undefined ? {} : { code }),
      ...(detail === undefined ? {} : { detail }),
      afterMs: Math.round(now - this.#asked.at),
      connectionAgeMs: Math.round(now - openedAt),
      requestOnConnection: requests,
      localPort,
    });
  }

  #drop() {
    this.#connection?.socket.destroy();
    this.#connection = null;
  }

  #next(pauseMs) {
    this.#asked = null;
    tellWhoWaits();
    if (ending !== null) return this.leave();
    // The second turn comes after the loop has looked at its sockets once more: a connection that was closed
    // together with the answer, or since, is noticed before the next request is written to it, as good clients do.
    const ask = () => setImmediate(() => setImmediate(() => this.ask()));
    if (pauseMs > 0) this.#wake = setTimeout(ask, pauseMs);
    else ask();
  }
}

function tellWhoWaits() {
  const done = counts.answered + counts.failed;
  while (waiting.length > 0 && waiting[0].count <= done) process.send({ reached: waiting.shift().id });
}

/** No further request; those under way are waited for, as long as each may take. */
function end(why) {
  if (ending !== null) return;
  ending = why;
  for (const client of clients) client.leave();
}

function result() {
  latencies.sort((a, b) => a - b);
  const quantile = (part) => Number((latencies[Math.ceil(latencies.length * part) - 1] ?? 0).toFixed(2));
  const latencyMs = { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
  const durationMs = Math.round(performance.now() - started);
  return { ...counts, failures, kinds, examples, latencyMs, durationMs, ending };
}

const clients = Array.from(
  { length: options.connections },
  (_none, index) => new Client(options.workload[index % options.workload.length]),
);
for (const client of clients) client.ask();

const sweep = setInterval(() => {
  const now = performance.now();
  for (const client of clients) client.look(now);
  if (now - started > options.maxMs) end('time');
  if (ending === null || clients.some((client) => client.busy)) return;
  clearInterval(sweep);
  if (process.connected) process.send({ result: result() }, () => process.disconnect());
  else console.log(JSON.stringify(result(), null, 2));
}, 20);

process.on('SIGINT', () => end('stopped'));
process.on('message', ({ until, id }) => {
  if (id === undefined) return end('stopped');
  waiting.push({ count: counts.answered + counts.failed + until, id });
  waiting.sort((a, b) => a.count - b.count);
  tellWhoWaits();
});
// The test is over: nothing may be left behind.
process.on('disconnect', () => process.exit());

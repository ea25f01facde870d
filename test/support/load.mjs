// Sends requests until it is told to stop, never retries one, and counts each that was not answered as it should be.
//   node load.mjs '{"port": 3000, "connections": 16, "workload": [{"name": "get"}, {"name": "post", "bodyBytes": 1000}]}'
// Run so, it prints its result as JSON at its bounds or at SIGINT; test/support/load.ts runs it and says what the fields are.
// It uses bare sockets, since HTTP clients send again, or hide, what fails.
import { connect } from 'node:net';
import { Answer } from './load-answer.mjs';

const EXAMPLES = 20;
/** After a failure a client waits for so long; a port that refuses would be asked a hundred thousand times a second. */
const PAUSE_AFTER_FAILURE_MS = 10;

/**
 * @import { FailureReason, LoadExample, LoadOptions, LoadRequest, LoadResult } from './load.ts'
 * @typedef {{ socket: import('node:net').Socket, openedAt: number, requests: number, open: boolean, localPort: number | null }} Connection
 * @typedef {{ at: number, answer: Answer }} Asked
 */

/** @type {Required<LoadOptions>} */
const options = {
  host: '127.0.0.1',
  connections: 16,
  workload: [{ name: 'get' }],
  timeoutMs: 15_000,
  lateMs: 2_000,
  maxRequests: 1_000_000,
  maxMs: 60_000,
  .../** @type {LoadOptions} */ (JSON.parse(process.argv[2] ?? '')),
};

const started = performance.now();
const startedAt = Date.now();
const counts = { sent: 0, answered: 0, failed: 0, late: 0, reconnects: 0 };
/** @type {Partial<Record<FailureReason, number>>} */
const failures = {};
/** @type {Record<string, { sent: number, answered: number, failed: number, late: number }>} */
const kinds = {};
/** @type {LoadExample[]} */
const examples = [];
/** @type {number[]} */
const latencies = [];
/** Who waits for how many requests in all. @type {{ count: number, id: number }[]} */
const waiting = [];
/** @type {LoadResult['ending'] | null} */
let ending = null;

/** One client: asks, waits for the whole answer, asks again; on the same connection as long as that may be used. */
class Client {
  #request;
  #bytes;
  #kind;
  /** @type {Connection | null} */
  #connection = null;
  /** @type {Asked | null} */
  #asked = null;
  /** @type {NodeJS.Timeout | undefined} */
  #wake;

  /** @param {LoadRequest} request */
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
    if (ending !== null) {
      this.leave();
      return;
    }
    this.#asked = { at: performance.now(), answer: new Answer() };
    counts.sent++;
    this.#kind.sent++;
    this.#connection ??= this.#open();
    this.#connection.requests++;
    this.#connection.socket.write(this.#bytes);
    if (counts.sent >= options.maxRequests) end('requests');
  }

  /** Gives a request up that has been under way for too long. @param {number} now */
  look(now) {
    const asked = this.#asked;
    if (asked !== null && now - asked.at > options.timeoutMs) this.#fail(asked, 'timeout');
  }

  leave() {
    clearTimeout(this.#wake);
    if (this.busy) return;
    this.#connection?.socket.destroy();
    this.#connection = null;
  }

  #open() {
    const socket = connect({ host: options.host, port: options.port, noDelay: true });
    /** @type {Connection} */
    const connection = { socket, openedAt: performance.now(), requests: 0, open: false, localPort: null };
    socket.on('connect', () => {
      connection.open = true;
      // Forgotten by the socket once it has been reset.
      connection.localPort = socket.localPort ?? null;
    });
    socket.on('data', (bytes) => this.#received(connection, bytes));
    socket.on('end', () => this.#ended(connection));
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ { code }) => this.#ended(connection, code));
    return connection;
  }

  /**
   * @param {Connection} connection
   * @param {Buffer} bytes
   */
  #received(connection, bytes) {
    if (connection !== this.#connection) return;
    const asked = this.#asked;
    if (asked === null) {
      // A word that nobody asked for, such as the 408 of a proxy to an idle connection: its end is near.
      this.#ended(connection);
      return;
    }
    const { answer } = asked;
    answer.feed(bytes);
    if (answer.malformed !== null) this.#fail(asked, 'malformed', answer.malformed, answer.unread);
    else if (answer.done) this.#answered(asked);
  }

  /**
   * @param {Connection} connection
   * @param {string} [code]
   */
  #ended(connection, code) {
    if (connection !== this.#connection) return;
    const asked = this.#asked;
    if (asked === null) {
      // Noticed before anything was written: no request is lost, the next one opens another connection.
      counts.reconnects++;
      this.#drop();
      return;
    }
    const { answer } = asked;
    if (answer.endsWithConnection && code === undefined) this.#answered(asked);
    else if (answer.begun) this.#fail(asked, 'truncated', code);
    else if (!connection.open) this.#fail(asked, code === 'ECONNREFUSED' ? 'refused' : 'unreachable', code);
    else this.#fail(asked, code === undefined ? 'closed' : 'reset', code);
  }

  /** @param {Asked} asked */
  #answered(asked) {
    const { status, close } = asked.answer;
    const took = performance.now() - asked.at;
    const { status: wanted = 200, lateMs = options.lateMs, fresh = false } = this.#request;
    if (status !== wanted) {
      this.#fail(asked, 'status', String(status));
      return;
    }
    counts.answered++;
    this.#kind.answered++;
    latencies.push(took);
    if (took > lateMs) {
      counts.late++;
      this.#kind.late++;
      this.#example(asked, 'late');
    }
    if (close || fresh) this.#drop();
    this.#next(this.#request.pauseMs ?? 0);
  }

  /**
   * @param {Asked} asked
   * @param {FailureReason} reason
   * @param {string} [code]
   * @param {string} [detail]
   */
  #fail(asked, reason, code, detail) {
    counts.failed++;
    this.#kind.failed++;
    failures[reason] = (failures[reason] ?? 0) + 1;
    this.#example(asked, reason, code, detail);
    this.#drop();
    this.#next(PAUSE_AFTER_FAILURE_MS);
  }

  /**
   * @param {Asked} asked
   * @param {FailureReason | 'late'} reason
   * @param {string} [code]
   * @param {string} [detail]
   */
  #example(asked, reason, code, detail) {
    if (examples.length >= EXAMPLES || this.#connection === null) return;
    const now = performance.now();
    const { openedAt, requests, localPort } = this.#connection;
    examples.push({
      at: new Date(startedAt + (now - started)).toISOString(),
      kind: this.#request.name,
      reason,
      ...(code === undefined ? {} : { code }),
      ...(detail === undefined ? {} : { detail }),
      afterMs: Math.round(now - asked.at),
      connectionAgeMs: Math.round(now - openedAt),
      requestOnConnection: requests,
      localPort,
    });
  }

  #drop() {
    this.#connection?.socket.destroy();
    this.#connection = null;
  }

  /** @param {number} pauseMs */
  #next(pauseMs) {
    this.#asked = null;
    tellWhoWaits();
    if (ending !== null) {
      this.leave();
      return;
    }
    // The second turn comes after the loop has looked at its sockets once more: a connection that was closed
    // together with the answer, or since, is noticed before the next request is written to it, as good clients do.
    const ask = () => setImmediate(() => setImmediate(() => this.ask()));
    if (pauseMs > 0) this.#wake = setTimeout(ask, pauseMs);
    else ask();
  }
}

function tellWhoWaits() {
  const done = counts.answered + counts.failed;
  while (waiting[0] !== undefined && waiting[0].count <= done)
    process.send?.({ reached: waiting.shift()?.id });
}

/** No further request; those under way are waited for, as long as each may take. @param {LoadResult['ending']} why */
function end(why) {
  if (ending !== null) return;
  ending = why;
  for (const client of clients) client.leave();
}

/** @returns {LoadResult} */
function result() {
  latencies.sort((a, b) => a - b);
  const quantile = (/** @type {number} */ part) =>
    Number((latencies[Math.ceil(latencies.length * part) - 1] ?? 0).toFixed(2));
  const latencyMs = { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
  const durationMs = Math.round(performance.now() - started);
  return { ...counts, failures, kinds, examples, latencyMs, durationMs, ending: ending ?? 'stopped' };
}

const clients = Array.from(
  { length: options.connections },
  (_none, index) => new Client(options.workload[index % options.workload.length] ?? { name: 'get' }),
);
for (const client of clients) client.ask();

const sweep = setInterval(() => {
  const now = performance.now();
  for (const client of clients) client.look(now);
  if (now - started > options.maxMs) end('time');
  if (ending === null || clients.some((client) => client.busy)) return;
  clearInterval(sweep);
  if (process.connected) process.send?.({ result: result() }, () => process.disconnect());
  else console.log(JSON.stringify(result(), null, 2));
}, 20);

process.on('SIGINT', () => end('stopped'));
process.on('message', (/** @type {{ until: number, id?: number }} */ { until, id }) => {
  if (id === undefined) {
    end('stopped');
    return;
  }
  waiting.push({ count: counts.answered + counts.failed + until, id });
  waiting.sort((a, b) => a.count - b.count);
  tellWhoWaits();
});
// The test is over: nothing may be left behind.
process.on('disconnect', () => process.exit());

// A small load: eight clients with kept-alive and new connections send GET and POST, about 350 requests per second. No
// request is sent twice. One line per second reports the results. The load ends after a minute or at Ctrl-C, with exit code
// 1 if a request failed.
//   node load.mjs [URL] [SECONDS]
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';

const [, , url = 'http://127.0.0.1:3000/', seconds = '60'] = process.argv;
const PAUSE_MS = 20;
const TIMEOUT_MS = 10_000;
const kept = new Agent({ keepAlive: true });
const startedAt = performance.now();
const total = emptyCount();
let second = emptyCount();
let over = false;

function emptyCount() {
  return { requests: 0, slowest: 0, failures: [], instances: new Set() };
}

/** One request; returns the body of the answer. */
function send(method, agent) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, timeout: TIMEOUT_MS }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      text(response).then(resolve, reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS / 1_000} s`)));
    sent.on('error', reject);
    sent.end(method === 'POST' ? 'x'.repeat(2_000) : undefined);
  });
}

async function client(method, agent) {
  while (!over) {
    const sentAt = performance.now();
    const outcome = await send(method, agent).then(
      (body) => ({ instance: /from (\S+) \(pid (\d+)\)/.exec(body)?.slice(1).join(' ') ?? '?' }),
      (error) => ({ failure: error.code ?? error.message }),
    );
    for (const count of [second, total]) {
      count.requests += 1;
      count.slowest = Math.max(count.slowest, performance.now() - sentAt);
      if (outcome.failure === undefined) count.instances.add(outcome.instance);
      else count.failures.push(outcome.failure);
    }
    await after(PAUSE_MS);
  }
}

function say({ requests, slowest, failures, instances }) {
  const at = `${Math.round((performance.now() - startedAt) / 1_000)} s`.padStart(4);
  const why = failures.length === 0 ? '' : ` (${[...new Set(failures)].join(', ')})`;
  const who = instances.size > 4 ? `${instances.size} instances` : [...instances].join(', ');
  console.log(
    `${at}  ${requests} requests  ${failures.length} failed${why}  slowest ${Math.ceil(slowest)} ms  ${who}`,
  );
}

const everySecond = setInterval(() => {
  say(second);
  second = emptyCount();
}, 1_000);
const stop = () => (over = true);
const timer = setTimeout(stop, Number(seconds) * 1_000);
process.once('SIGINT', stop);

const methods = ['GET', 'POST', 'GET', 'POST'];
await Promise.all(methods.flatMap((method) => [client(method, kept), client(method, false)]));
clearTimeout(timer);
clearInterval(everySecond);
kept.destroy();
console.log('in all:');
say(total);
process.exitCode = total.failures.length === 0 ? 0 : 1;

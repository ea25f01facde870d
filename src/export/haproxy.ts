/** The piece of HAProxy's configuration that goes with services whose route is `haproxy`. */
import { substitute } from '../config/values/template.ts';
import { comment, madeBy, refuse, type Exported, type Origin } from './exported.ts';
import type { HaproxyService } from './routed.ts';

export function exportHaproxy(services: readonly HaproxyService[], origin: Origin): Exported {
  const backends = services.map(({ route }) => route.backend);
  const shared = backends.find((backend, index) => backends.indexOf(backend) !== index);
  if (shared !== undefined)
    return refuse('not-writable', `two services have the backend ${shared}: give each one of its own`);
  const sockets = [...new Set(services.map(({ route }) => route.socket))];
  const head = madeBy(origin) + comment(...place(sockets, backends));
  return { ok: true, text: [head, SETTINGS, ...services.map(backendOf)].join('\n') };
}

function place(sockets: readonly string[], backends: readonly string[]): string[] {
  return [
    'Comes after your own file: haproxy -f haproxy.cfg -f this-file. Your own file has, besides,',
    ...sockets.map((socket) => `  in global:       stats socket ${socket} mode 600 level admin`),
    ...backends.map(
      (backend) => `  in a frontend:   default_backend ${backend}   (or use_backend, with a condition)`,
    ),
    'The socket belongs to the user who runs HAProxy; where alternate runs as another one, set its user, group and mode.',
  ];
}

const SETTINGS = comment(
  'No "check": HAProxy is told which server takes new requests (ready), and which only finishes what it has (drain).',
  'All servers begin as ready, also when HAProxy is restarted: until alternate has told it again, which takes about a',
  'second, one that is not there refuses the connection, and the request goes to the next one at once (redispatch).',
  'Beginning as disabled would answer 503 for that second.',
  'retry-on conn-failure: only what was never sent is tried again, so no POST can arrive twice. Where the only ready',
  'server refuses, HAProxy waits a second between tries: a crash that is over within three seconds loses nothing.',
  'http-reuse safe: kept connections are shared, but the first request of a client does not depend on one.',
);

function backendOf({ route, instances }: HaproxyService): string {
  const servers = instances.map(
    ({ parameter, address }) => `    server ${substitute(route.server, parameter)} ${address}\n`,
  );
  return `backend ${route.backend}
    mode http
    balance roundrobin
    option redispatch 1
    retries 3
    retry-on conn-failure
    http-reuse safe
    timeout connect 5s
    # Until the answer begins, and between two parts of it; raise it for long polls.
    timeout server 60s
    # Both ways of a connection that was upgraded (WebSocket).
    timeout tunnel 1h
${servers.join('')}`;
}

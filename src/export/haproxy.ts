/** Prints the part of HAProxy's configuration for services whose route is `haproxy`. */
import { substitute } from '../config/values/template.ts';
import { comment, madeBy, refuse, type Exported, type Origin } from './exported.ts';
import type { HaproxyService } from './routed.ts';

export function exportHaproxy(services: readonly HaproxyService[], origin: Origin): Exported {
  const backends = services.map(({ route }) => route.backend);
  const shared = backends.find((backend, index) => backends.indexOf(backend) !== index);
  if (shared !== undefined)
    return refuse(
      'not-writable',
      `two services have the backend ${shared}: give each service its own backend`,
    );
  const sockets = [...new Set(services.map(({ route }) => route.socket))];
  const head = madeBy(origin) + comment(...place(sockets, backends));
  return { ok: true, text: [head, SETTINGS, ...services.map(backendOf)].join('\n') };
}

function place(sockets: readonly string[], backends: readonly string[]): string[] {
  return [
    'Load it after your own file: haproxy -f haproxy.cfg -f this-file. Add to your own file:',
    ...sockets.map((socket) => `  in global:       stats socket ${socket} mode 600 level admin`),
    ...backends.map(
      (backend) => `  in a frontend:   default_backend ${backend}   (or use_backend, with a condition)`,
    ),
    'The socket belongs to the user that runs HAProxy. If alternate runs as another user, set user, group and mode.',
  ];
}

const SETTINGS = comment(
  'No "check": alternate notifies HAProxy which server gets new requests (ready), and which one only finishes its open',
  'requests (drain).',
  'All servers start as ready, also after a restart of HAProxy. Within about a second, alternate notifies HAProxy again.',
  'Until then, a server that does not run refuses the connection, and the request goes to the next server at once',
  '(redispatch). With servers that start as disabled, HAProxy would answer 503 for that second.',
  'retry-on conn-failure: only a request that was never sent is tried again, so no POST can arrive twice. If the only',
  'ready server refuses, HAProxy waits one second between tries: a crash of less than three seconds loses no request.',
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
    # The time until the answer begins, and between two parts of it. Raise it for long polls.
    timeout server 60s
    # For both directions of an upgraded connection (WebSocket).
    timeout tunnel 1h
${servers.join('')}`;
}

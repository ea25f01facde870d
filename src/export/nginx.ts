/** Prints the part of nginx's configuration for services whose route is `files`. */
import path from 'node:path';
import { comment, indent, madeBy, notWritable, refuse, type Exported, type Origin } from './exported.ts';
import { looks, type FilesService } from './routed.ts';

/** nginx needs two parts: `upstream` belongs in `http {}`, and the choice of an upstream belongs in a `location`. */
export type NginxPart = 'http' | 'location' | 'all';

/** `$` begins a variable. `if (-f …)` has no escape for it. */
const SPECIAL = /\$/;

/** `all`: everything for `http {}`, with one server per service. */
export function exportNginx(services: readonly FilesService[], part: NginxPart, origin: Origin): Exported {
  for (const { route, instances } of services)
    for (const { parameter } of instances) {
      const refusal = notWritable('the path', path.join(route.folder, parameter), SPECIAL);
      if (refusal !== null) return refusal;
    }
  const upstreams = [UPGRADES, UPSTREAMS, ...services.map(upstreamsOf)];
  switch (part) {
    case 'http': {
      const head = madeBy(origin) + comment('Belongs in http { }.');
      return { ok: true, text: [head, ...upstreams].join('\n') };
    }
    case 'location': {
      if (services.length > 1) {
        const names = services.map(({ name }) => name).join(', ');
        return refuse('several-services', `a location is for one service: name one of ${names}`);
      }
      const head = madeBy(origin) + comment(...IN_A_LOCATION);
      return { ok: true, text: [head, ...services.map(locationOf)].join('\n') };
    }
    case 'all': {
      const head = madeBy(origin) + comment(...WHOLE);
      return { ok: true, text: [head, ...upstreams, ...services.map(serverOf)].join('\n') };
    }
  }
}

const WHOLE = [
  'Belongs in http { }, and works there without changes. For your own server, print it in two parts:',
  '  alternate export nginx --part http             include it in http { }',
  '  alternate export nginx --part location NAME    include it in a location of your server',
];

const IN_A_LOCATION = [
  'Belongs in a location of your server, beside your own settings:',
  '  location / { include …; }',
  'Its upstreams are printed by: alternate export nginx --part http',
];

const UPGRADES = `# A request to upgrade (WebSocket) is passed on. For all other requests the connection to the instance is kept.
map $http_upgrade $alternate_connection {
    default upgrade;
    "" "";
}
`;

const UPSTREAMS = comment(
  'One upstream per instance.',
  'max_fails=0: alternate notifies nginx which instance serves. If nginx counted failures, it could exclude the only',
  'instance.',
  'keepalive: the number of connections that each worker keeps open, so that a request needs no new connection.',
  'keepalive_timeout: less than the time for which the instance keeps an idle connection (Node.js: 5 s), so that no',
  'request is sent on a connection that is being closed.',
  'backup: if the instance does not answer (it has just died), a request that was not sent yet goes to another instance.',
);

function upstreamsOf({ instances }: FilesService): string {
  return instances
    .map(
      ({ name, address }) => `upstream ${name} {
    server ${address} max_fails=0;
${backups(instances, address)}    keepalive 64;
    keepalive_timeout 4s;
}
`,
    )
    .join('');
}

function backups(instances: FilesService['instances'], address: string): string {
  const others = instances.filter((instance) => instance.address !== address);
  return others.map((other) => `    server ${other.address} max_fails=0 backup;\n`).join('');
}

function serverOf(service: FilesService): string {
  return `server {
    # Replace this by your own server: its addresses, its names, TLS.
    listen 127.0.0.1:8080;
    server_name ${service.name};
    location / {
${indent(locationOf(service), '        ')}    }
}
`;
}

function locationOf({ name, route, instances }: FilesService): string {
  const choices = looks(instances)
    .map(
      (one) => `if (-f "${path.join(route.folder, one.parameter)}") { set $alternate "${one.name}"; }
`,
    )
    .join('');
  return `# ${name}: the file that exists names the instance that gets new requests. Every request looks for the files again.
# It looks for the first files twice: a rotation between two looks must not leave it without an instance.
# Off, because a cache would use old results for up to a minute.
open_file_cache off;
set $alternate "";
${choices}if ($alternate = "") { return 503; }
proxy_pass http://$alternate;

# Kept connections and WebSockets need HTTP/1.1.
proxy_http_version 1.1;
proxy_set_header Connection $alternate_connection;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;

# nginx connects to the instance at once. By default it reads the whole request first: an upload that takes longer than the
# overlap would reach an instance that is being stopped.
proxy_request_buffering off;
# Only a request that may be repeated is tried again: without non_idempotent, a POST that was sent is never sent twice.
proxy_next_upstream error timeout;
# Short, because an instance is ready before it gets requests.
proxy_connect_timeout 5s;
# The time between two reads, not for the whole answer. Raise it for long polls and quiet WebSockets.
proxy_read_timeout 60s;
`;
}

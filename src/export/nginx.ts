/** The piece of nginx's configuration that goes with services whose route is `files`. */
import path from 'node:path';
import { comment, indent, madeBy, notWritable, refuse, type Exported, type Origin } from './exported.ts';
import { looks, type FilesService } from './routed.ts';

/** What nginx keeps apart: `upstream` belongs into `http {}`, what chooses one into a `location`. */
export type NginxPart = 'http' | 'location' | 'all';

/** `$` would be a variable: `if (-f …)` knows no way to write a dollar. */
const SPECIAL = /\$/;

/** `all`: what belongs into `http {}`, a server for each service included. */
export function exportNginx(services: readonly FilesService[], part: NginxPart, origin: Origin): Exported {
  for (const { route, instances } of services)
    for (const { parameter } of instances) {
      const refusal = notWritable('the path', path.join(route.folder, parameter), SPECIAL);
      if (refusal !== null) return refusal;
    }
  const upstreams = [UPGRADES, UPSTREAMS, ...services.map(upstreamsOf)];
  switch (part) {
    case 'http': {
      const head = madeBy(origin) + comment('Belongs into http { }.');
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
  'Belongs into http { }, and works there as it stands. For a server of your own, take it in two parts:',
  '  alternate export nginx --part http             to be included in http { }',
  '  alternate export nginx --part location NAME    to be included in a location of your server',
];

const IN_A_LOCATION = [
  'Belongs into a location of your server, beside what you set there yourself:',
  '  location / { include …; }',
  'The upstreams that it names come from: alternate export nginx --part http',
];

const UPGRADES = `# A request to upgrade (WebSocket) is handed on as one; for any other the connection to the instance is kept.
map $http_upgrade $alternate_connection {
    default upgrade;
    "" "";
}
`;

const UPSTREAMS = comment(
  'One upstream an instance.',
  'max_fails=0: nginx is told which instance serves. Guessing from failures would shut out the only one there is.',
  'keepalive: connections that each worker keeps open, instead of a new one for each request.',
  'keepalive_timeout: shorter than the instance itself keeps an idle connection (Node.js: 5 s), so that no request is',
  'sent on one that is just being closed.',
  'backup: where the instance does not answer (it died a moment ago), a request that was not sent yet goes to the other',
  'one instead of failing.',
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
    # Stands for a server of your own: where it listens, its names, TLS.
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
  return `# ${name}: the file that exists names the instance that takes new requests; each request looks anew.
# It looks for the first ones twice: a rotation between two looks must not leave it with none.
# A cache would answer for up to a minute with what was.
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

# The instance is connected to at once. nginx would read the whole request first: an upload slower than the overlap would
# reach an instance that is just being stopped.
proxy_request_buffering off;
# Only what may be repeated is tried again: without non_idempotent a POST that was sent is never sent twice.
proxy_next_upstream error timeout;
# An instance is ready before it is sent to: one that does not take a connection soon never will.
proxy_connect_timeout 5s;
# Between two reads, not for the whole answer; raise it for long polls and quiet WebSockets.
proxy_read_timeout 60s;
`;
}

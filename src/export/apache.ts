/** Prints the part of Apache's configuration for services whose route is `files`. */
import path from 'node:path';
import { comment, madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { looks, type FilesService, type RoutedInstance } from './routed.ts';

/** Both begin a reference in a RewriteCond. `$` begins a defined variable everywhere. */
const SPECIAL = /[$%]/;

export function exportApache(services: readonly FilesService[], origin: Origin): Exported {
  for (const { route, instances } of services)
    for (const { parameter } of instances) {
      const refusal = notWritable('the path', path.join(route.folder, parameter), SPECIAL);
      if (refusal !== null) return refusal;
    }
  const several = services.length < 2 ? [] : SEVERAL;
  const head = madeBy(origin) + comment(...PLACE, ...several);
  return { ok: true, text: [head, SETTINGS, ...services.map(textOf)].join('\n') };
}

const PLACE = [
  'Belongs in a <VirtualHost>, with Include. It handles every request that no earlier RewriteRule has handled.',
  'Needs mod_proxy, mod_proxy_http and mod_rewrite (a2enmod proxy_http rewrite). mpm_event is best.',
  'WebSockets need Apache 2.4.47. With an older one, remove "upgrade=websocket".',
];

const SEVERAL = [
  'Each service here handles every request. Give each service its own virtual host (alternate export apache NAME).',
];

const SETTINGS = `RewriteEngine On
# The instance gets the Host header of the client.
ProxyPreserveHost On
# %2F in a path is passed on unchanged. By default Apache answers 404.
AllowEncodedSlashes NoDecode
`;

function textOf({ name, route, instances }: FilesService): string {
  const rules = looks(instances).map((one) => ruleOf(path.join(route.folder, one.parameter), one));
  return `# ${name}: the instances. Only declared workers keep their connections.
# ttl: less than the time for which the instance keeps an idle connection (Node.js: 5 s), so that no request is sent on a
#   connection that is being closed.
# retry=0 and status=+I: alternate notifies Apache which instance serves. After a failure, Apache must not exclude the
#   only instance for a minute.
# connectiontimeout: short, because an instance is ready before it gets requests.
# timeout: the time between two reads. Raise it for long polls.
# A request that was sent is never sent again.
${instances.map(workerOf).join('')}
# The file that exists names the instance that gets new requests. Every request looks for the files again.
# It looks for the first files twice: a rotation between two looks must not leave it without an instance.
# %1 is the path as the client wrote it.
# proxy-prefetch-nonblocking: Apache connects to the instance at once, and not after a slow upload has arrived.
${rules.join('')}# No instance serves.
RewriteRule ^ - [R=503]
`;
}

function workerOf({ address }: RoutedInstance): string {
  return `<Proxy "http://${address}">
    ProxySet ttl=4 retry=0 status=+I connectiontimeout=5 timeout=60 upgrade=websocket
</Proxy>
`;
}

function ruleOf(file: string, { address }: RoutedInstance): string {
  return `RewriteCond "${file}" -f
RewriteCond "%{THE_REQUEST}" "^\\S+ +(?:\\w+://[^/? ]*)?(/[^? ]*)"
RewriteRule "^" "http://${address}%1" [P,NE,E=proxy-prefetch-nonblocking:1]
`;
}

/** The piece of Apache's configuration that goes with services whose route is `files`. */
import path from 'node:path';
import { comment, madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { looks, type FilesService, type RoutedInstance } from './routed.ts';

/** Both begin a reference in a RewriteCond, `$` a defined variable everywhere. */
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
  'Belongs into a <VirtualHost>, with Include; it takes every request that no RewriteRule before it has taken.',
  'Needs mod_proxy, mod_proxy_http and mod_rewrite (a2enmod proxy_http rewrite), best with mpm_event. Apache 2.4.47',
  'carries WebSockets; before that, leave "upgrade=websocket" out.',
];

const SEVERAL = [
  'Each of the services takes every request: give each a virtual host of its own (alternate export apache NAME).',
];

const SETTINGS = `RewriteEngine On
# The instance sees the Host that the client asked for.
ProxyPreserveHost On
# %2F in a path goes through as it came; Apache would answer 404.
AllowEncodedSlashes NoDecode
`;

function textOf({ name, route, instances }: FilesService): string {
  const rules = looks(instances).map((one) => ruleOf(path.join(route.folder, one.parameter), one));
  return `# ${name}: the instances. Only workers that are declared keep their connections.
# ttl: shorter than the instance itself keeps an idle connection (Node.js: 5 s), so that no request is sent on one that
# is just being closed. retry=0 and status=+I: Apache is told which instance serves; a failure must not shut the only
# one out for a minute. connectiontimeout: an instance is ready before it is sent to. timeout: between two reads; raise
# it for long polls. A request that was sent is never sent again.
${instances.map(workerOf).join('')}
# The file that exists names the instance that takes new requests; each request looks anew, at the first ones twice: a
# rotation between two looks must not leave it with none. %1 is the path as the client wrote it.
# proxy-prefetch-nonblocking: the connection to the instance is made at once, not after a slow upload has come in.
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

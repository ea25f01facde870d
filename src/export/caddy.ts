/** Prints the part of Caddy's configuration (a Caddyfile) for services whose route is `files`. */
import { comment, madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { looks, type FilesService, type RoutedInstance } from './routed.ts';

/** Characters of placeholders, and of the patterns of a `file` matcher. */
const SPECIAL = /[{}*?[\]`]/;

export function exportCaddy(services: readonly FilesService[], origin: Origin): Exported {
  for (const { route, instances } of services)
    for (const text of [route.folder, ...instances.map(({ parameter }) => parameter)]) {
      const refusal = notWritable('the path', text, SPECIAL);
      if (refusal !== null) return refusal;
    }
  const [first] = services;
  const head = madeBy(origin) + comment(...place(first?.name ?? ''));
  return { ok: true, text: [head, ...services.map(snippetOf)].join('\n') };
}

function place(name: string): string[] {
  return [
    'Belongs at the top level of a Caddyfile (import FILE). In a site, or in a handle block for a part of the site, add:',
    `  import alternate-${name}`,
  ];
}

function snippetOf({ name, route, instances }: FilesService): string {
  const matchers = instances.map(
    (one) => `\t@${one.name} file {
\t\troot "${route.folder}"
\t\ttry_files "${one.parameter}"
\t}
`,
  );
  return `(alternate-${name}) {
	# The file that exists names the instance that gets new requests. Every request looks for the files again.
${matchers.join('')}
	# It looks for the first files twice: a rotation between two looks must not leave it without an instance.
	# No fail_duration and no lb_try_duration: alternate notifies Caddy which instance serves, and no request is sent twice.
	# keepalive: less than the time for which the instance keeps an idle connection (Node.js: 5 s), so that no request is
	# sent on a connection that is being closed. WebSockets need no settings.
	route {
${looks(instances).map(proxyOf).join('')}		respond "no instance serves" 503
	}
}
`;
}

function proxyOf({ name, address }: RoutedInstance): string {
  return `\t\treverse_proxy @${name} ${address} {
\t\t\ttransport http {
\t\t\t\tkeepalive 4s
\t\t\t\tkeepalive_idle_conns_per_host 64
\t\t\t}
\t\t}
`;
}

/** The piece of Caddy's configuration (a Caddyfile) that goes with services whose route is `files`. */
import { comment, madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { looks, type FilesService, type RoutedInstance } from './routed.ts';

/** Placeholders, and the patterns that a `file` matcher knows. */
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
    'Belongs to the top level of a Caddyfile (import FILE). A site, or a handle block in it for a part of the site, then',
    `says by name what it takes: import alternate-${name}`,
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
	# The file that exists names the instance that takes new requests; each request looks anew.
${matchers.join('')}
	# It looks for the first ones twice: a rotation between two looks must not leave it with none.
	# No fail_duration, no lb_try_duration: Caddy is told which instance serves, and nothing is sent a second time.
	# keepalive: shorter than the instance itself keeps an idle connection (Node.js: 5 s), so that no request is sent on
	# one that is just being closed. WebSockets need no settings.
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

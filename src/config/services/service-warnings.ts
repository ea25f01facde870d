/** Warns about what is probably wrong with a service, as far as its configuration shows it. Pure. */
import { basename } from 'node:path';
import type { RawService } from '../schema/generated/raw.ts';
import { ownAddress } from '../instance.ts';
import { child, type Pointer } from '../read/pointer.ts';
import { hasPlaceholder } from '../values/template.ts';
import type { ServiceConfig } from '../types.ts';
import type { Context } from '../values/values.ts';

/** nginx, `fail_timeout` of ngx_http_upstream_module: how long a proxy does not use a server after a failed request. */
const USUAL_FAIL_TIMEOUT_MS = 10_000;

/** A parameter that looks like an unprivileged port. */
const PORT = /^\d{4,5}$/;

const RUNS_A_PACKAGE = {
  why: "runs the server as a child process: the server does not get the inherited sockets, and alternate sees the wrapper's exit, not the server's",
  hint: 'give the program itself as the command, as "scripts" in package.json does',
};
const RESTARTS = {
  why: 'restarts the server by itself, without a second instance beside it',
  hint: 'give the program itself as the command, and use watch and restart',
};
const BECOMES_ANOTHER = {
  why: 'runs the server as another user: a signal of alternate may not reach it',
  hint: 'give the program itself as the command, and use user (the manager must be root)',
};
const LEAVES = {
  why: 'moves the server out of its process group: alternate can no longer see it',
  hint: 'give the program itself as the command: it must stay in the foreground, in its process group',
};
const WRAPPERS: Readonly<Record<string, { readonly why: string; readonly hint: string }>> = {
  npm: RUNS_A_PACKAGE,
  npx: RUNS_A_PACKAGE,
  pnpm: RUNS_A_PACKAGE,
  pnpx: RUNS_A_PACKAGE,
  yarn: RUNS_A_PACKAGE,
  bunx: RUNS_A_PACKAGE,
  nodemon: RESTARTS,
  pm2: RESTARTS,
  forever: RESTARTS,
  sudo: BECOMES_ANOTHER,
  doas: BECOMES_ANOTHER,
  su: BECOMES_ANOTHER,
  runuser: BECOMES_ANOTHER,
  setsid: LEAVES,
  daemonize: LEAVES,
  'start-stop-daemon': LEAVES,
};

/**
 * @param raw the service, merged with `defaults`
 * @param at returns the place of a key: in the service or in `defaults`
 */
export function warnAboutService(
  service: ServiceConfig,
  raw: RawService,
  at: (key: string) => Pointer,
  context: Context,
): void {
  warnAboutWrapper(service, at('command'), context);
  warnAboutParameters(service, raw, at('parameters'), context);
  warnAboutCheck(service, child(at('ready'), 'exec'), context);
  warnAboutOverlap(service, at('overlap'), context);
  if (service.onRotate.type === 'none' && service.watch.length > 0)
    context.warn(
      at('watch'),
      'has no effect: a change requests a rotation, and onRotate: none refuses it',
      'remove one of the two',
    );
}

function warnAboutWrapper({ command }: ServiceConfig, pointer: Pointer, context: Context): void {
  const name = basename(command[0] ?? '');
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper !== undefined) context.warn(pointer, `${name} ${wrapper.why}`, wrapper.hint);
}

/** Whether one of these texts depends on the parameter. A shell may also read it from the environment. */
function depends(texts: readonly string[]): boolean {
  return texts.some((text) => hasPlaceholder(text) || text.includes('ALTERNATE_PARAMETER'));
}

function warnAboutParameters(
  service: ServiceConfig,
  raw: RawService,
  pointer: Pointer,
  context: Context,
): void {
  const { name, command, env, envFile, cwd, hooks, listen } = service;
  // With inherited sockets, parameters may be only the names of the instances.
  if (raw.parameters === undefined || listen.length > 0) return;
  const given = [...command, ...Object.values(env), envFile ?? '', cwd, ...Object.values(hooks).flat()];
  if (depends(given)) return;
  context.warn(
    pointer,
    `the program of ${name} does not get its parameter, because %alt is used nowhere: all instances are started alike`,
    'put %alt into command, env, envFile or cwd. If the program reads ALTERNATE_PARAMETER itself, add env: { ALTERNATE_PARAMETER: "%alt" }',
  );
}

function warnAboutCheck({ ready, parameters }: ServiceConfig, pointer: Pointer, context: Context): void {
  if (ready?.type !== 'exec' || parameters.length < 2 || depends(ready.command)) return;
  context.warn(
    pointer,
    'the check is the same for every instance: the old instance may answer for the new one',
    'put %alt into it. If the program reads ALTERNATE_PARAMETER itself, ignore this warning',
  );
}

function warnAboutOverlap(service: ServiceConfig, pointer: Pointer, context: Context): void {
  const { overlapMs, parameters, route, listen } = service;
  if (overlapMs >= USUAL_FAIL_TIMEOUT_MS || parameters.length < 2) return;
  if (route !== null || listen.length > 0 || ownAddress(service, parameters[0]) === null) return;
  context.warn(
    pointer,
    'is shorter than 10s: after a failed request a proxy usually does not use that server for 10s (fail_timeout), so it may have no server left',
    'use route, so that the proxy is notified, or an overlap of at least 10s',
  );
}

/** Warns if two services have the same port as a parameter, unless both give the address where they listen. */
export function warnAboutPorts(services: readonly ServiceConfig[], context: Context): void {
  const owners = new Map<string, ServiceConfig>();
  for (const service of services.filter(({ listen }) => listen.length === 0)) {
    const ports = service.parameters.flatMap((one) => (one !== null && PORT.test(one) ? [one] : []));
    const shared = ports.find((port) => owners.has(port));
    const owner = shared === undefined ? undefined : owners.get(shared);
    for (const port of ports) owners.set(port, owners.get(port) ?? service);
    const known = (one: ServiceConfig): boolean => ownAddress(one, one.parameters[0]) !== null;
    if (shared === undefined || owner === undefined || (known(owner) && known(service))) continue;
    context.warn(
      child('/services', service.name),
      `${owner.name} has the parameter ${shared} too: if this is a port, only one of the services can use it`,
      'give each service its own ports, or set address to the place where its instances listen',
      'key',
    );
  }
}

/** Collects the services to which a proxy sends requests. Pure. */
import { parseAddress } from '../config/values/address.ts';
import { ownAddress } from '../config/instance.ts';
import type { Config, Route, ServiceConfig } from '../config/types.ts';
import { refuse, type Refusal } from './exported.ts';

export interface RoutedInstance {
  readonly parameter: string;
  /** `host:port`, or `[ipv6]:port`. */
  readonly address: string;
  /** `service-parameter` in letters, digits, `-` and `.`. It is unique in the configuration. */
  readonly name: string;
}

export interface RoutedService<R extends Route = Route> {
  readonly name: string;
  readonly route: R;
  readonly instances: readonly RoutedInstance[];
}

export type FilesService = RoutedService<Extract<Route, { type: 'files' }>>;
export type HaproxyService = RoutedService<Extract<Route, { type: 'haproxy' }>>;

/** Names, numbers and brackets: no character of them ends a word in the configuration of a proxy. */
const PLAIN = /^[\w.:[\]-]+$/;

const KEY: Readonly<Record<Route['type'], string>> = {
  files: 'route: { files: … }',
  haproxy: 'route: { haproxy: … }',
};

/**
 * The services whose route has this type, or only the service `only`.
 * @returns if there is none: the reason, and what to add to the configuration
 */
export function routedServices<T extends Route['type']>(
  config: Config,
  type: T,
  only: string | null,
): { ok: true; services: readonly RoutedService<Extract<Route, { type: T }>>[] } | Refusal {
  const wanted = only === null ? config.services : config.services.filter(({ name }) => name === only);
  if (only !== null && wanted.length === 0) {
    const known = config.services.map(({ name }) => name).join(', ');
    return refuse('unknown-service', `there is no service ${only}. The services are: ${known}`);
  }
  const names = uniqueNames(config);
  const services: RoutedService<Extract<Route, { type: T }>>[] = [];
  for (const service of wanted) {
    const { route, name } = service;
    if (route === null || !isOfType(route, type)) continue;
    const instances = instancesOf(service, names);
    if (instances === null) {
      const arePorts = service.parameters.every((parameter) => /^\d+$/.test(parameter ?? ''));
      const add = 'add `address` to it, for instance address: 127.0.0.1:%alt';
      const hint = arePorts ? add : `${add}, and use parameters with which it is an address, such as ports`;
      return refuse(
        'no-address',
        `the configuration of ${name} does not name the addresses of its instances: ${hint}`,
      );
    }
    const odd = instances.find(({ address }) => !PLAIN.test(address));
    if (odd !== undefined)
      return refuse(
        'not-writable',
        `the address ${JSON.stringify(odd.address)} of ${name} cannot be written safely into this configuration: change \`address\` or the parameter`,
      );
    services.push({ name, route, instances });
  }
  if (services.length > 0) return { ok: true, services };
  return refuse('no-fitting-route', noFittingRoute(type, only === null ? null : (wanted[0] ?? null)));
}

function isOfType<T extends Route['type']>(route: Route, type: T): route is Extract<Route, { type: T }> {
  return route.type === type;
}

function noFittingRoute(type: Route['type'], service: ServiceConfig | null): string {
  if (service === null) return `no service has ${KEY[type]}: add it to the services that you want to export`;
  const { name, route } = service;
  if (route === null) return `${name} has no route: add ${KEY[type]} to it`;
  return `the route of ${name} has another type: this export needs ${KEY[type]}, and ${name} has ${KEY[route.type]}`;
}

function instancesOf(
  service: ServiceConfig,
  names: ReadonlyMap<string, string>,
): readonly RoutedInstance[] | null {
  const instances: RoutedInstance[] = [];
  for (const parameter of service.parameters) {
    const address = ownAddress(service, parameter);
    const parsed = address === null ? null : parseAddress(address);
    if (parameter === null || parsed?.ok !== true) return null;
    const { host, port } = parsed.value;
    const name = names.get(key(service.name, parameter)) ?? parameter;
    instances.push({ parameter, address: `${host.includes(':') ? `[${host}]` : host}:${port}`, name });
  }
  return instances;
}

/**
 * A name for each instance of the whole configuration, also if only one service is exported: separate exports must use
 * the same names. Upper and lower case are equal, as in nginx.
 */
function uniqueNames({ services }: Config): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const { name: service, parameters } of services)
    for (const parameter of parameters) {
      if (parameter === null) continue;
      const wanted = `${service}-${parameter}`.replace(/[^A-Za-z0-9.-]+/g, '-');
      let name = wanted;
      for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${wanted}-${count}`;
      taken.add(name.toLowerCase());
      names.set(key(service, parameter), name);
    }
  return names;
}

function key(service: string, parameter: string): string {
  return JSON.stringify([service, parameter]);
}

/**
 * The order in which a request looks for the files: all instances, then all but the last again. Between two looks, the
 * route can move from a file that was not looked for yet to a file that was missing a moment ago.
 */
export function looks(instances: readonly RoutedInstance[]): readonly RoutedInstance[] {
  return [...instances, ...instances.slice(0, -1)];
}

import { join } from 'node:path';
import { readBehaviour } from './process-keys.ts';
import { readControl } from './control.ts';
import { doubtPorts } from './doubts.ts';
import { ownAddresses } from '../instance.ts';
import { child } from '../read/pointer.ts';
import { readService } from './service.ts';
import type { Shape } from '../schema/shape.ts';
import {
  addressOfListen,
  addressOfText,
  clashes,
  describeSocketAddress,
  type SocketAddress,
} from '../values/socket-address.ts';
import type { Mistake, Source } from '../read/source.ts';
import type { Config, ServiceConfig } from '../types.ts';
import { collectInto, type Context } from '../values/values.ts';

/** `config` is to be used only when there are no `mistakes`. */
export interface Normalized {
  readonly config: Config;
  readonly mistakes: readonly Mistake[];
}

/**
 * Fills in defaults, makes paths absolute and durations milliseconds, and checks on the way what the schema cannot
 * say. `path` is the file's real path; `baseDir` the folder that relative paths start from.
 */
export function normalize(
  shape: Shape,
  written: Source['written'],
  path: string,
  baseDir: string,
): Normalized {
  const mistakes: Mistake[] = [];
  const context = collectInto(mistakes, baseDir, written);
  const { control, defaults = {}, services } = shape.config ?? { services: {} };
  // Also where every service has its own: a mistake in `defaults` would come up with the next service.
  readBehaviour(defaults, (key) => child('/defaults', key), context);
  const config = {
    path,
    control: readControl(control, context),
    services: Object.entries(services).map(([name, own]) =>
      readService(name, own, defaults, shape.reported, context),
    ),
  };
  checkRouteFolders(config.services, context);
  checkAddresses(config.services, context);
  doubtPorts(config.services, context);
  return { config, mistakes };
}

/** Two services with one folder would take away each other's files where they share a parameter. */
function checkRouteFolders(services: readonly ServiceConfig[], context: Context): void {
  const owners = new Map<string, string>();
  for (const { name, route, parameters } of services) {
    if (route?.type !== 'files') continue;
    for (const parameter of parameters) {
      const file = join(route.folder, parameter ?? '');
      const owner = owners.get(file);
      owners.set(file, name);
      if (owner === undefined) continue;
      const hint = 'give each service a folder of its own';
      context.say(child('/services', name), `${owner} has the same file of its route: ${file}`, hint, 'key');
      break;
    }
  }
}

interface Occupant {
  readonly service: string;
  readonly address: SocketAddress;
  /** A socket of `listen`; otherwise an address that `address` or `ready` names. */
  readonly inherited: boolean;
}

/** Two services at one place: the second cannot bind it, or answers the first one's readiness check. */
function checkAddresses(services: readonly ServiceConfig[], context: Context): void {
  const told = new Set<string>();
  for (const [one, other] of clashes(services.flatMap(occupantsOf))) {
    const pair = JSON.stringify([one.service, other.service]);
    if (one.service === other.service || told.has(pair)) continue;
    told.add(pair);
    const [first, second] = [describeSocketAddress(one.address), describeSocketAddress(other.address)];
    const place = first === second ? first : `${first}, which is also ${second},`;
    if (one.inherited && other.inherited)
      context.say(
        child('/services', other.service),
        `${one.service} listens on ${place} already`,
        null,
        'key',
      );
    else
      context.say(
        child('/services', other.service),
        `${one.service} has the address ${place} too: one would answer the readiness check of the other`,
        'give each service addresses of its own',
        'key',
      );
  }
}

function occupantsOf(service: ServiceConfig): readonly Occupant[] {
  const { name, listen, parameters } = service;
  const named = parameters.flatMap((parameter) => ownAddresses(service, parameter));
  return [
    ...listen.map(({ address }) => ({ service: name, address: addressOfListen(address), inherited: true })),
    ...named.flatMap((text) => {
      const address = addressOfText(text);
      return address === null ? [] : [{ service: name, address, inherited: false }];
    }),
  ];
}

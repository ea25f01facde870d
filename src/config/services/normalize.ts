/** Turns the raw configuration into `Config`, and checks what concerns several services. */
import { join } from 'node:path';
import { readProcessKeys } from './process-keys.ts';
import { readControl } from './control.ts';
import { warnAboutPorts } from './service-warnings.ts';
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
import type { Finding, Source } from '../read/source.ts';
import type { Config, ServiceConfig } from '../types.ts';
import { collectInto, type Context } from '../values/values.ts';

/** `config` is valid only if there are no `findings`. */
export interface Normalized {
  readonly config: Config;
  readonly findings: readonly Finding[];
}

/**
 * Fills in defaults, makes paths absolute, converts durations to milliseconds, and checks what the schema cannot check.
 * `path` is the file's real path. `baseDir` is the folder of relative paths.
 */
export function normalize(
  shape: Shape,
  written: Source['written'],
  path: string,
  baseDir: string,
): Normalized {
  const findings: Finding[] = [];
  const context = collectInto(findings, baseDir, written);
  const { control, defaults = {}, services } = shape.config ?? { services: {} };
  // Also if every service has its own values: otherwise an error in `defaults` appears only with the next service.
  readProcessKeys(defaults, (key) => child('/defaults', key), context);
  const config = {
    path,
    control: readControl(control, context),
    services: Object.entries(services).map(([name, own]) =>
      readService(name, own, defaults, shape.reported, context),
    ),
  };
  checkRouteFolders(config.services, context);
  checkAddresses(config.services, context);
  warnAboutPorts(config.services, context);
  return { config, findings };
}

/** Two services with the same folder and the same parameter would remove each other's file. */
function checkRouteFolders(services: readonly ServiceConfig[], context: Context): void {
  const owners = new Map<string, string>();
  for (const { name, route, parameters } of services) {
    if (route?.type !== 'files') continue;
    for (const parameter of parameters) {
      const file = join(route.folder, parameter ?? '');
      const owner = owners.get(file);
      owners.set(file, name);
      if (owner === undefined) continue;
      const hint = 'give each service its own folder';
      context.error(
        child('/services', name),
        `${owner} uses the same file for its route: ${file}`,
        hint,
        'key',
      );
      break;
    }
  }
}

interface Occupant {
  readonly service: string;
  readonly address: SocketAddress;
  /** True for a socket of `listen`, false for an address of `address` or `ready`. */
  readonly inherited: boolean;
}

/**
 * If two services have the same address, the second cannot bind it, or one answers the readiness check of the other.
 */
function checkAddresses(services: readonly ServiceConfig[], context: Context): void {
  const reported = new Set<string>();
  for (const [one, other] of clashes(services.flatMap(occupantsOf))) {
    const pair = JSON.stringify([one.service, other.service]);
    if (one.service === other.service || reported.has(pair)) continue;
    reported.add(pair);
    const [first, second] = [describeSocketAddress(one.address), describeSocketAddress(other.address)];
    const place = first === second ? first : `${first}, which is also ${second},`;
    if (one.inherited && other.inherited)
      context.error(
        child('/services', other.service),
        `${one.service} already listens on ${place}`,
        null,
        'key',
      );
    else
      context.error(
        child('/services', other.service),
        `${one.service} has the address ${place} too: one would answer the readiness check of the other`,
        'give each service its own addresses',
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

import { join } from 'node:path';
import { readBehaviour } from './behaviour.ts';
import { readControl } from './control.ts';
import { listenKey } from './listen.ts';
import { child } from './pointer.ts';
import { readService } from './service.ts';
import type { Shape } from './shape.ts';
import type { Mistake, Source } from './source.ts';
import type { Config, ServiceConfig } from './types.ts';
import { collectInto, type Context } from './values.ts';

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
  checkListenAddresses(config.services, context);
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

function checkListenAddresses(services: readonly ServiceConfig[], context: Context): void {
  const owners = new Map<string, string>();
  for (const { name, listen } of services) {
    for (const key of listen.map(({ address }) => listenKey(address))) {
      const owner = owners.get(key);
      if (owner !== undefined && owner !== name)
        context.say(child('/services', name), `${owner} listens on ${key} already`, null, 'key');
      owners.set(key, name);
    }
  }
}

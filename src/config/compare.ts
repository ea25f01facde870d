import { isDeepStrictEqual } from 'node:util';
import { listenKey } from './listen.ts';
import type { Config, ServiceConfig } from './types.ts';

/** The names of services, by what a reload has to do about them. */
export interface Comparison {
  readonly added: string[];
  readonly removed: string[];
  readonly changed: string[];
  readonly unchanged: string[];
}

/** Which services of `after` are new, other or the same, and which of `before` are gone; in the order of the files. */
export function compareConfigs(before: Config, after: Config): Comparison {
  const old = new Map(before.services.map((service) => [service.name, service]));
  const comparison: Comparison = { added: [], removed: [], changed: [], unchanged: [] };
  for (const service of after.services) {
    const previous = old.get(service.name);
    old.delete(service.name);
    if (previous === undefined) comparison.added.push(service.name);
    else if (isDeepStrictEqual(previous, service)) comparison.unchanged.push(service.name);
    else comparison.changed.push(service.name);
  }
  comparison.removed.push(...old.keys());
  return comparison;
}

/** A service that a reload brings has to wait for one that it removed: its namesake, or who holds its ports. */
export function sharesAnything(leaving: ServiceConfig, coming: ServiceConfig): boolean {
  const held = new Set(leaving.listen.map(({ address }) => listenKey(address)));
  return (
    leaving.name === coming.name ||
    coming.listen.some(({ address }) => held.has(listenKey(address))) ||
    (leaving.listen.length === 0 &&
      leaving.parameters.some((parameter) => parameter !== null && coming.parameters.includes(parameter)))
  );
}

/** Compares two configurations for a reload. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { listenKey } from './services/listen.ts';
import type { ServiceConfig, Settings } from './types.ts';

/** The names of services, by what a reload does with them. */
export interface Comparison {
  readonly added: string[];
  readonly removed: string[];
  /** They need new instances. They are rolled out. */
  readonly changed: string[];
  /** Only settings differ. They apply at once. */
  readonly applied: string[];
  readonly unchanged: string[];
}

/** Compares the services of two configurations. The lists keep the order of the files. */
export function compareServices(
  before: readonly ServiceConfig[],
  after: readonly ServiceConfig[],
): Comparison {
  const old = new Map(before.map((service) => [service.name, service]));
  const comparison: Comparison = { added: [], removed: [], changed: [], applied: [], unchanged: [] };
  for (const service of after) {
    const previous = old.get(service.name);
    old.delete(service.name);
    comparison[previous === undefined ? 'added' : changeBetween(previous, service)].push(service.name);
  }
  comparison.removed.push(...old.keys());
  return comparison;
}

function changeBetween(before: ServiceConfig, after: ServiceConfig): 'unchanged' | 'applied' | 'changed' {
  if (isDeepStrictEqual(before, after)) return 'unchanged';
  // `onRotate` of a service without parameters is a setting. Whether a service has parameters is not a setting.
  const alternates = [before, after].some(({ onRotate }) => onRotate.type === 'alternate');
  const onRotate = (alternates ? before : after).onRotate;
  const withSettings = { ...before, ...settingsOf(after), onRotate };
  return isDeepStrictEqual(withSettings, after) ? 'applied' : 'changed';
}

/** The part of a configuration that applies without a new process. */
export function settingsOf({ overlapMs, stop, restart, watch, hooks, onRotate }: ServiceConfig): Settings {
  return { overlapMs, stop, restart, watch, hooks, onRotate };
}

/** Whether a service that a reload adds must wait for a removed one: both have the same name, port or parameter. */
export function sharesAnything(leaving: ServiceConfig, coming: ServiceConfig): boolean {
  const held = new Set(leaving.listen.map(({ address }) => listenKey(address)));
  return (
    leaving.name === coming.name ||
    coming.listen.some(({ address }) => held.has(listenKey(address))) ||
    (leaving.listen.length === 0 &&
      leaving.parameters.some((parameter) => parameter !== null && coming.parameters.includes(parameter)))
  );
}

import { isDeepStrictEqual } from 'node:util';
import { listenKey } from './services/listen.ts';
import type { ServiceConfig, Settings } from './types.ts';

/** The names of services, by what a reload has to do about them. */
export interface Comparison {
  readonly added: string[];
  readonly removed: string[];
  /** Their instances differ: they are rolled out. */
  readonly changed: string[];
  /** Nothing but settings differs: they apply at once. */
  readonly applied: string[];
  readonly unchanged: string[];
}

/** Which services of `after` are new, other or the same, and which of `before` are gone; in the order of the files. */
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
  // What a service without parameters does at a rotation is a setting; whether it has parameters is none.
  const alternates = [before, after].some(({ onRotate }) => onRotate.type === 'alternate');
  const onRotate = (alternates ? before : after).onRotate;
  const withSettings = { ...before, ...settingsOf(after), onRotate };
  return isDeepStrictEqual(withSettings, after) ? 'applied' : 'changed';
}

/** The part of a configuration that applies without a new process. */
export function settingsOf({ overlapMs, stop, restart, watch, hooks, onRotate }: ServiceConfig): Settings {
  return { overlapMs, stop, restart, watch, hooks, onRotate };
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

import type { HookName, Parameter, ServiceConfig } from '../config/types.ts';
import type { Turn } from './turn.ts';
import type { Id } from './machine.ts';

interface Subject {
  readonly parameter: Parameter;
  readonly pid: number | null;
}

/**
 * Asks for a hook to be run and returns its id, or null if the service has no such hook.
 * @param subject the instance that the hook is about
 * @param previous the instance that served when the rotation began
 */
export function startHook(
  turn: Turn,
  name: HookName,
  spec: ServiceConfig,
  subject: Subject,
  previous: Subject | null,
): Id | null {
  if (spec.hooks[name] === undefined) return null;
  const hook = turn.newId();
  turn.effect({
    type: 'runHook',
    hook,
    run: {
      name,
      spec,
      parameter: subject.parameter,
      pid: subject.pid,
      previousParameter: previous?.parameter ?? null,
      previousPid: previous?.pid ?? null,
    },
  });
  turn.report({ type: 'hook-started', hook: name });
  return hook;
}

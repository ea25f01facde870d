/** What happened, as a sentence for people. Pure. */
import type { Parameter } from '../config/types.ts';
import type { ManagerReport, Event, ServiceReport, ServiceEvent } from '../api/event.ts';
import type { Exit } from '../rotator/machine.ts';
import { isInterruption } from '../rotator/interruption.ts';
import { formatDuration } from '../util/duration.ts';
import { printable, printableLines } from '../util/printable.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Sentence {
  readonly level: Level;
  readonly text: string;
}

/**
 * One line, or several for a configuration that is refused; the service's name, where there is one, is not part of it.
 * What comes from outside (the words of a check, of a hook, of a proxy) begins no line and moves no cursor.
 */
export function sentenceOf(event: Event): Sentence {
  const { level, text } = event.service === null ? managerSentence(event) : serviceSentence(event);
  return { level, text: event.type === 'reload-refused' ? printableLines(text) : printable(text) };
}

function serviceSentence(fact: ServiceEvent | ServiceReport): Sentence {
  switch (fact.type) {
    case 'rotation-started':
      return info(`rotating${arrow(fact.from, fact.to)}`);
    case 'rotation-kept':
      return info('rotation asked for meanwhile: one more follows');
    case 'rotation-refused':
      return warn(`rotation refused: ${fact.reason}`);
    case 'rotation-skipped':
      return info(`left alone by a rotation of all services: ${fact.reason}`);
    case 'rotation-completed':
      return info(`rotated${arrow(fact.from, fact.to)} in ${formatDuration(Math.round(fact.durationMs))}`);
    case 'rotation-failed':
      return error(`rotation${arrow(fact.from, fact.to)} failed: ${fact.reason}${keeps(fact)}`);
    case 'roll-out-failed':
      return error(
        'the new configuration of this service is not in force: the one before it stays. Fix the file, then reload again',
      );
    case 'parameter-awaited':
      return info(`waiting for ${whom(fact)}, which still holds the parameter`);
    case 'instance-launched':
      return info(`started ${whom(fact)}`);
    case 'orphan-adopted':
      return warn(`found ${whom(fact)}, which a killed manager left behind: it is replaced`);
    case 'launch-failed':
      return error(`cannot start ${fact.parameter ?? 'the command'}: ${fact.reason}`);
    case 'instance-ready':
      return info(`${whom(fact)} is ready after ${formatDuration(Math.round(fact.afterMs))}`);
    case 'instance-not-ready':
      return warn(`${whom(fact)} is ${fact.reason}`);
    case 'socket-opened': {
      const cut = `; of a backlog of ${fact.backlog} the kernel allows ${fact.limit ?? 0} (net.core.somaxconn)`;
      return info(`listens on ${fact.address}${fact.limit === null ? '' : cut}`);
    }
    case 'route-switched':
      return info(`requests go to ${fact.parameter ?? 'it'}`);
    case 'route-failed':
      return error(
        fact.parameter === null
          ? `the route cannot be withdrawn: ${fact.reason}`
          : `requests cannot be routed to ${fact.parameter}: ${fact.reason}`,
      );
    case 'route-lost':
      return warn(`the route is lost, and tried again: ${fact.reason}`);
    case 'route-restored':
      return info('the route is as it should be again');
    case 'overlap-started':
      return info(`overlap of ${formatDuration(fact.overlapMs)}`);
    case 'instance-stopping': {
      const then = fact.killAfterMs === null ? '' : `, KILL in ${formatDuration(fact.killAfterMs)}`;
      return info(`stopping ${whom(fact)} (${fact.signal}${then})`);
    }
    case 'instance-killed': {
      const why = fact.afterMs === null ? '' : `: it had not stopped within ${formatDuration(fact.afterMs)}`;
      return warn(`killed the process group of ${whom(fact)}${why}`);
    }
    case 'instance-exited':
      return exitSentence(fact);
    case 'signal-sent':
      return info(`sent ${fact.signal} to ${whom(fact)}`);
    case 'hook-started':
      return { level: 'debug', text: `running the hook ${fact.hook}` };
    case 'hook-failed':
      return warn(`the hook ${fact.hook} failed: ${fact.reason}`);
    case 'restart-delayed':
      return fact.delayMs === 0
        ? info(`starting ${fact.parameter ?? 'it'} again`)
        : warn(
            `starting ${fact.parameter ?? 'it'} again in ${formatDuration(fact.delayMs)} (restart ${fact.attempt} in a row)`,
          );
    case 'service-running':
      return info(`running on ${whom(fact)}`);
    case 'service-stopped':
      return info('stopped');
    case 'service-failed':
      return error(`failed: ${fact.reason}. A rotation, start or reload tries again`);
    case 'watch-degraded':
      return warn(`watching by polling, which is slower: ${fact.reason}`);
  }
}

function exitSentence(fact: ServiceReport & { type: 'instance-exited' }): Sentence {
  const left = fact.leftBehind ? '; others of its process group live on and are stopped' : '';
  const text = `${whom(fact)} exited (${describeExit(fact.exit)})${left}`;
  return fact.expected ? info(text) : warn(text);
}

function managerSentence(fact: ManagerReport): Sentence {
  switch (fact.type) {
    case 'manager-started':
      return info(
        `manager ${fact.pid} runs ${fact.services} ${fact.services === 1 ? 'service' : 'services'}${fact.config === null ? '' : ` of ${fact.config}`}`,
      );
    case 'manager-stopping':
      return info(`stopping: ${fact.reason}`);
    case 'manager-stopped':
      return info('everything has stopped');
    case 'config-reloaded':
      return info(`configuration read again: ${summary(fact)}`);
    case 'reload-refused':
      return error(`the new configuration is refused, nothing has changed:\n${fact.errors.join('\n')}`);
    case 'output-lost':
      return error(`output is being lost: ${fact.file} cannot be written (${fact.reason})`);
    case 'output-restored':
      return warn(`${fact.file} can be written again; ${fact.bytes} bytes were lost`);
    case 'output-not-rotated':
      return warn(`${fact.file} has reached its size but cannot be renamed (${fact.reason}); it grows on`);
    case 'output-closed':
      return warn(`nobody reads ${fact.file} any more (${fact.reason}): what is written there is discarded`);
    case 'messages-dropped':
      return warn(`${fact.count} lines of this log were dropped: ${fact.file} was not read`);
    case 'output-reopened':
      return info('log files opened again');
    case 'control-lost':
      return error(`the control socket is gone, and made again as soon as possible: ${fact.reason}`);
    case 'control-restored':
      return info('the control socket is there again');
    case 'events-dropped':
      return warn(`the events end here: ${fact.reason}`);
  }
}

function summary(fact: ManagerReport & { type: 'config-reloaded' }): string {
  const parts = (['added', 'removed', 'changed', 'applied', 'unchanged'] as const).flatMap((kind) =>
    fact[kind].length === 0 ? [] : [`${kind} ${fact[kind].join(', ')}`],
  );
  return parts.length === 0 ? 'no services' : parts.join('; ');
}

/** `3000 (pid 4711)`, or `pid 4711` for a service without parameters. */
function whom({ parameter, pid }: { readonly parameter: Parameter; readonly pid: number | null }): string {
  const process = pid === null ? 'a process that was never started' : `pid ${pid}`;
  return parameter === null ? process : `${parameter} (${process})`;
}

/** ` 3000 -> 3001`; nothing where there is nothing to alternate, or nothing served. */
function arrow(from: Parameter, to: Parameter): string {
  return from === null || to === null ? '' : ` ${from} -> ${to}`;
}

function keeps({ current, reason }: ServiceReport & { type: 'rotation-failed' }): string {
  return current === null || isInterruption(reason) ? '' : `; ${whom(current)} goes on`;
}

function describeExit(exit: Exit): string {
  if ('unknown' in exit) return 'how is not known';
  return 'code' in exit ? `code ${exit.code}` : exit.signal;
}

function info(text: string): Sentence {
  return { level: 'info', text };
}

function warn(text: string): Sentence {
  return { level: 'warn', text };
}

function error(text: string): Sentence {
  return { level: 'error', text };
}

/** Turns an event into a sentence for people. Pure. */
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
 * The text has one line, or several if a configuration is refused. The name of the service is not part of it.
 * Text from outside (of a check, a hook, a proxy) cannot start a line and cannot move the cursor: it is escaped.
 */
export function sentenceOf(event: Event): Sentence {
  const { level, text } = event.service === null ? managerSentence(event) : serviceSentence(event);
  return { level, text: event.type === 'reload-refused' ? printableLines(text) : printable(text) };
}

function serviceSentence(event: ServiceEvent | ServiceReport): Sentence {
  switch (event.type) {
    case 'rotation-started':
      return info(`rotating${arrow(event.from, event.to)}`);
    case 'rotation-kept':
      return info('rotation request kept: one more rotation follows');
    case 'rotation-refused':
      return warn(`rotation refused: ${event.reason}`);
    case 'rotation-skipped':
      return info(`left alone by a rotation of all services: ${event.reason}`);
    case 'rotation-completed':
      return info(`rotated${arrow(event.from, event.to)} in ${formatDuration(Math.round(event.durationMs))}`);
    case 'rotation-failed':
      return error(`rotation${arrow(event.from, event.to)} failed: ${event.reason}${keeps(event)}`);
    case 'roll-out-failed':
      return error(
        'the new configuration of this service failed. The previous one stays in force. Fix the file, then reload again',
      );
    case 'parameter-awaited':
      return info(`waiting for ${instanceName(event)}, which still uses the parameter`);
    case 'instance-launched':
      return info(`started ${instanceName(event)}`);
    case 'orphan-adopted':
      return warn(`found ${instanceName(event)}, which a killed manager left behind. It is replaced`);
    case 'launch-failed':
      return error(`cannot start ${event.parameter ?? 'the command'}: ${event.reason}`);
    case 'instance-ready':
      return info(`${instanceName(event)} is ready after ${formatDuration(Math.round(event.afterMs))}`);
    case 'instance-not-ready':
      return warn(`${instanceName(event)} is ${event.reason}`);
    case 'socket-opened': {
      const cut = `; the kernel limits the backlog of ${event.backlog} to ${event.limit ?? 0} (net.core.somaxconn)`;
      return info(`listens on ${event.address}${event.limit === null ? '' : cut}`);
    }
    case 'route-switched':
      return info(`requests go to ${event.parameter ?? 'the instance'}`);
    case 'route-failed':
      return error(
        event.parameter === null
          ? `the route cannot be withdrawn: ${event.reason}`
          : `requests cannot be routed to ${event.parameter}: ${event.reason}`,
      );
    case 'route-lost':
      return warn(`the route is lost: ${event.reason}. alternate tries to restore it`);
    case 'route-restored':
      return info('the route is restored');
    case 'overlap-started':
      return info(`overlap of ${formatDuration(event.overlapMs)}`);
    case 'instance-stopping': {
      const then = event.killAfterMs === null ? '' : `, KILL in ${formatDuration(event.killAfterMs)}`;
      return info(`stopping ${instanceName(event)} (${event.signal}${then})`);
    }
    case 'instance-killed': {
      const why = event.afterMs === null ? '' : `: it did not stop within ${formatDuration(event.afterMs)}`;
      return warn(`killed the process group of ${instanceName(event)}${why}`);
    }
    case 'instance-exited':
      return exitSentence(event);
    case 'signal-sent':
      return info(`sent ${event.signal} to ${instanceName(event)}`);
    case 'hook-started':
      return { level: 'debug', text: `running the hook ${event.hook}` };
    case 'hook-failed':
      return warn(`the hook ${event.hook} failed: ${event.reason}`);
    case 'restart-delayed':
      return event.delayMs === 0
        ? info(`starting ${event.parameter ?? 'the command'} again`)
        : warn(
            `starting ${event.parameter ?? 'the command'} again in ${formatDuration(event.delayMs)} (consecutive restart ${event.attempt})`,
          );
    case 'service-running':
      return info(`running on ${instanceName(event)}`);
    case 'service-stopped':
      return info('stopped');
    case 'service-failed':
      return error(`failed: ${event.reason}. A rotation, start or reload tries again`);
    case 'watch-degraded':
      return warn(`watching by polling, which is slower: ${event.reason}`);
  }
}

function exitSentence(event: ServiceReport & { type: 'instance-exited' }): Sentence {
  const left = event.leftBehind ? '; other processes of its group still run, and are stopped' : '';
  const text = `${instanceName(event)} exited (${describeExit(event.exit)})${left}`;
  return event.expected ? info(text) : warn(text);
}

function managerSentence(event: ManagerReport): Sentence {
  switch (event.type) {
    case 'manager-started':
      return info(
        `manager ${event.pid} runs ${event.services} ${event.services === 1 ? 'service' : 'services'}${event.config === null ? '' : ` of ${event.config}`}`,
      );
    case 'manager-stopping':
      return info(`stopping: ${event.reason}`);
    case 'manager-stopped':
      return info('everything has stopped');
    case 'config-reloaded':
      return info(`configuration read again: ${summary(event)}`);
    case 'reload-refused':
      return error(`the new configuration is refused. Nothing has changed:\n${event.errors.join('\n')}`);
    case 'output-lost':
      return error(`output is lost: ${event.file} cannot be written (${event.reason})`);
    case 'output-restored':
      return warn(`${event.file} can be written again; ${event.bytes} bytes were lost`);
    case 'output-not-rotated':
      return warn(
        `${event.file} has reached its maximum size but cannot be renamed (${event.reason}). It keeps growing`,
      );
    case 'output-closed':
      return warn(
        `the reader of ${event.file} is gone (${event.reason}): what is written there is discarded`,
      );
    case 'messages-dropped':
      return warn(`${event.count} lines of this log were dropped, because ${event.file} was not read`);
    case 'output-reopened':
      return info('log files opened again');
    case 'control-lost':
      return error(`the control socket is lost: ${event.reason}. alternate tries to create it again`);
    case 'control-restored':
      return info('the control socket works again');
    case 'events-dropped':
      return warn(`the events end here: ${event.reason}`);
  }
}

function summary(event: ManagerReport & { type: 'config-reloaded' }): string {
  const parts = (['added', 'removed', 'changed', 'applied', 'unchanged'] as const).flatMap((kind) =>
    event[kind].length === 0 ? [] : [`${kind} ${event[kind].join(', ')}`],
  );
  return parts.length === 0 ? 'no services' : parts.join('; ');
}

/** `3000 (pid 4711)`, or `pid 4711` for a service without parameters. */
function instanceName({
  parameter,
  pid,
}: {
  readonly parameter: Parameter;
  readonly pid: number | null;
}): string {
  if (pid === null) return `${parameter ?? 'the instance'} (not started)`;
  return parameter === null ? `pid ${pid}` : `${parameter} (pid ${pid})`;
}

/** ` 3000 -> 3001`. Empty if the service has no parameters, or if no instance served. */
function arrow(from: Parameter, to: Parameter): string {
  return from === null || to === null ? '' : ` ${from} -> ${to}`;
}

function keeps({ current, reason }: ServiceReport & { type: 'rotation-failed' }): string {
  return current === null || isInterruption(reason) ? '' : `; ${instanceName(current)} keeps serving`;
}

function describeExit(exit: Exit): string {
  if ('unknown' in exit) return 'exit status unknown';
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

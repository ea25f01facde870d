/** Events, effects and states as the scenario files write them: one line each. */
import type { Effect, Event, Exit, Id, Instance, State } from '../../src/rotator/types.ts';
import { attemptOf, currentOf, nextOf } from '../../src/rotator/instances.ts';

/** `15s`, `250ms`. */
export function durationText(ms: number): string {
  if (ms === 0) return '0';
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

export function exitText(exit: Exit): string {
  if ('unknown' in exit) return 'unknown';
  return 'code' in exit ? `code ${exit.code}` : exit.signal;
}

/** `describeSpec` says what a changed specification is. */
export function eventText(event: Event, describeSpec: (spec: State['spec']) => string): string {
  switch (event.type) {
    case 'rotationRequested':
      return `rotate r${event.request}`;
    case 'startRequested':
      return `start r${event.request}`;
    case 'stopRequested':
      return `stop r${event.request}`;
    case 'restartRequested':
      return `restart r${event.request}`;
    case 'signalRequested':
      return `signal r${event.request} ${event.signal}`;
    case 'specChanged':
      return `change r${event.request} ${describeSpec(event.spec)}`;
    case 'settingsChanged':
      return `settings r${event.request} overlap ${durationText(event.settings.overlapMs)}`;
    case 'orphanFound':
      return `orphan ${event.parameter ?? '-'} pid ${event.pid}${event.serves ? ' serves' : ''}`;
    case 'killRequested':
      return 'kill';
    case 'launched':
      return `launched #${event.instance} pid ${event.pid}`;
    case 'launchFailed':
      return `launch-failed #${event.instance} ${event.reason}`;
    case 'becameReady':
      return `ready #${event.instance}`;
    case 'readinessTimedOut':
      return `not-ready #${event.instance} ${event.reason}`;
    case 'leaderExited':
      return `leader-exited #${event.instance} ${exitText(event.exit)}`;
    case 'exited':
      return `exited #${event.instance} ${exitText(event.exit)}`;
    case 'timerFired':
      return `timer #${event.timer}`;
    case 'hookFinished':
      return event.failure === null ? `hook #${event.hook}` : `hook #${event.hook} failed: ${event.failure}`;
    case 'routed':
      return event.failure === null
        ? `routed #${event.route}`
        : `routed #${event.route} failed: ${event.failure}`;
  }
}

export function effectText(effect: Effect): string {
  switch (effect.type) {
    case 'launch':
      return `launch #${effect.instance} ${effect.parameter ?? '-'}`;
    case 'adopt':
      return `adopt #${effect.instance} pid ${effect.pid}`;
    case 'cancelLaunch':
      return `cancel launch #${effect.instance}`;
    case 'signal':
      return `signal #${effect.instance} ${effect.signal}`;
    case 'probe':
      return `probe #${effect.instance}`;
    case 'cancelProbe':
      return `cancel probe #${effect.instance}`;
    case 'startTimer':
      return `timer #${effect.timer} in ${durationText(effect.ms)}`;
    case 'cancelTimer':
      return `cancel timer #${effect.timer}`;
    case 'runHook': {
      const { name, parameter, pid, previousParameter, previousPid } = effect.run;
      const subject = `${parameter ?? '-'} (pid ${pid ?? '-'})`;
      return `hook #${effect.hook} ${name} for ${subject}, previous ${previousParameter ?? '-'} (pid ${previousPid ?? '-'})`;
    }
    case 'cancelHook':
      return `cancel hook #${effect.hook}`;
    case 'route':
      return `route #${effect.route} to ${effect.to ?? '-'}`;
    case 'keepRoute':
      return `keep the route to ${effect.to ?? '-'}`;
    case 'withdrawRoute':
      return `withdraw the route (${effect.because})`;
    case 'report':
      return reportText(effect);
    case 'answer':
      return `answer r${effect.request} ${answerText(effect)}`;
  }
}

function reportText({ occurrence }: Effect & { type: 'report' }): string {
  const { type, at: _at, service: _service, ...facts } = occurrence;
  // What serves after a failed rotation is written where it is not the one that served before.
  const keeps = 'current' in facts && facts.current?.parameter === facts.from;
  const words = Object.entries(facts)
    .filter(([name]) => !(keeps && name === 'current'))
    .map(([name, value]) => `${name}=${valueText(value)}`);
  return ['report', type, ...words].join(' ');
}

function valueText(value: unknown): string {
  if (value === null) return '-';
  if (typeof value === 'string' && !value.includes(' ')) return value;
  if (typeof value === 'object' && 'parameter' in value) return valueText(value.parameter);
  if (typeof value === 'object') return exitText(value as Exit).replace('code ', '');
  return JSON.stringify(value);
}

function answerText({ answer }: Effect & { type: 'answer' }): string {
  switch (answer.type) {
    case 'done':
      return 'done';
    case 'failed':
    case 'refused':
      return `${answer.type}: ${answer.reason}`;
    case 'rotated': {
      const { outcome, from, to, reason, durationMs } = answer.result;
      const told = `${outcome} ${from ?? '-'} → ${to ?? '-'} in ${durationText(durationMs)}`;
      return reason === undefined ? told : `${told}: ${reason}`;
    }
  }
}

/** The phase, who is in it, and which requests wait: `rotating (overlap): current #1 3000, next #2 3001`. */
export function stateText(state: State): string {
  const { phase } = state;
  const step = attemptOf(state)?.step.name;
  const then = phase.name === 'stopping' && phase.then !== null ? `then ${phase.then.purpose}` : undefined;
  const detail = step ?? then;
  const who = [
    ...named('current', currentOf(state)),
    ...named('next', nextOf(state)),
    ...state.retiring.flatMap(({ instance }) => named('retiring', instance)),
    ...(state.pending.length > 0 ? [`kept ${requests(state.pending)}`] : []),
  ];
  const title = detail === undefined ? phase.name : `${phase.name} (${detail})`;
  return who.length === 0 ? title : `${title}: ${who.join(', ')}`;
}

function named(role: string, instance: Instance | null): readonly string[] {
  return instance === null ? [] : [`${role} #${instance.id} ${instance.parameter ?? '-'}`];
}

function requests(ids: readonly Id[]): string {
  return ids.map((id) => `r${id}`).join(' ');
}

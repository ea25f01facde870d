/** Events, effects and states as the scenario files write them: one line each. */
import type { Effect, Input, Exit, Id, Instance, State } from '../../src/rotator/machine.ts';
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
export function inputText(input: Input, describeSpec: (spec: State['spec']) => string): string {
  switch (input.type) {
    case 'rotationRequested':
      return `rotate r${input.request}`;
    case 'startRequested':
      return `start r${input.request}`;
    case 'stopRequested':
      return `stop r${input.request}`;
    case 'restartRequested':
      return `restart r${input.request}`;
    case 'signalRequested':
      return `signal r${input.request} ${input.signal}`;
    case 'specChanged':
      return `change r${input.request} ${describeSpec(input.spec)}`;
    case 'settingsChanged':
      return `settings r${input.request} overlap ${durationText(input.settings.overlapMs)}`;
    case 'orphanFound':
      return `orphan ${input.parameter ?? '-'} pid ${input.pid}${input.serves ? ' serves' : ''}`;
    case 'killRequested':
      return 'kill';
    case 'launched':
      return `launched #${input.instance} pid ${input.pid}`;
    case 'launchFailed':
      return `launch-failed #${input.instance} ${input.reason}`;
    case 'becameReady':
      return `ready #${input.instance}`;
    case 'readinessTimedOut':
      return `not-ready #${input.instance} ${input.reason}`;
    case 'leaderExited':
      return `leader-exited #${input.instance} ${exitText(input.exit)}`;
    case 'exited':
      return `exited #${input.instance} ${exitText(input.exit)}`;
    case 'timerFired':
      return `timer #${input.timer}`;
    case 'hookFinished':
      return input.failure === null ? `hook #${input.hook}` : `hook #${input.hook} failed: ${input.failure}`;
    case 'routed':
      return input.failure === null
        ? `routed #${input.route}`
        : `routed #${input.route} failed: ${input.failure}`;
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

function reportText({ report }: Effect & { type: 'report' }): string {
  const { type, ...facts } = report;
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

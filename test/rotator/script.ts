/**
 * Scenario files: `service` lines say what is tried, `>` lines what happens, and the indented lines under them what
 * the machine asks for, then, after `=`, where that has brought it. Everything else is for the reader.
 */
import type { ServiceConfig } from '../../src/config/types.ts';
import { initialState, transition } from '../../src/rotator/transition.ts';
import type { Input, Exit, Id, State } from '../../src/rotator/machine.ts';
import { effectText, stateText } from './notation.ts';
import { parseDuration, parseSpec } from './spec-text.ts';
import type { UntimedInput } from './world.ts';

/** A line that cannot be understood, or that could not happen. */
export class ScriptError extends Error {}

/** The scenario with the effect lines that the machine gives now. */
export function play(script: string): string {
  const output: string[] = [];
  let stage: Stage | null = null;
  for (const [index, line] of script.split('\n').entries()) {
    if (line.startsWith('  ')) continue;
    output.push(line);
    try {
      if (line.startsWith('service ')) stage = new Stage(line.slice('service '.length));
      else if (line.startsWith('> '))
        output.push(
          ...onStage(stage)
            .tell(line.slice(2))
            .map((text) => `  ${text}`),
        );
    } catch (error) {
      throw new ScriptError(`line ${index + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
  return output.join('\n');
}

function onStage(stage: Stage | null): Stage {
  if (stage === null) throw new Error('no service has been named yet');
  return stage;
}

class Stage {
  #state: State;
  #now = 0;
  readonly #due = new Map<Id, number>();

  constructor(service: string) {
    const [name = '', ...rest] = service.split(' ');
    this.#state = initialState({ ...parseSpec(rest.join(' ')), name });
  }

  /** `[15s later, ]EVENT` → the lines of what follows. */
  tell(line: string): readonly string[] {
    const [, later, told = line] = /^(\S+) later, (.*)$/.exec(line) ?? [];
    if (later !== undefined) this.#now += parseDuration(later);
    const input: Input = { ...this.#parse(told), at: this.#now };
    if (input.type === 'timerFired') this.#mustBeDue(input.timer);
    const before = stateText(this.#state);
    const { state, effects } = transition(this.#state, input);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === 'startTimer') this.#due.set(effect.timer, this.#now + effect.ms);
      if (effect.type === 'cancelTimer') this.#due.delete(effect.timer);
    }
    const after = stateText(state);
    return [...effects.map(effectText), ...(after === before ? [] : [`= ${after}`])];
  }

  #mustBeDue(timer: Id): void {
    const due = this.#due.get(timer);
    this.#due.delete(timer);
    if (due !== undefined && due > this.#now)
      throw new Error(`timer #${timer} is due ${due - this.#now} ms later`);
  }

  #parse(text: string): UntimedInput {
    const [verb = '', subject = '', ...rest] = text.split(' ');
    const words = rest.join(' ');
    if (verb === 'orphan') return orphanOf(subject, words);
    if (verb === 'kill') return { type: 'killRequested' };
    const asked = requestOf(verb, words, this.#state.spec);
    if (asked !== null) return { ...asked, request: idOf(subject, 'r') };
    return happeningTo(verb, idOf(subject, '#'), words);
  }
}

type Request = Extract<UntimedInput, { request: Id }>;
type Asked = Request extends infer R ? (R extends Request ? Omit<R, 'request'> : never) : never;

function requestOf(verb: string, words: string, spec: ServiceConfig): Asked | null {
  switch (verb) {
    case 'rotate':
      return { type: 'rotationRequested' };
    case 'start':
      return { type: 'startRequested' };
    case 'stop':
      return { type: 'stopRequested' };
    case 'restart':
      return { type: 'restartRequested' };
    case 'signal':
      return { type: 'signalRequested', signal: words as NodeJS.Signals };
    case 'change':
      return { type: 'specChanged', spec: { ...parseSpec(words), name: spec.name } };
    case 'settings': {
      const { overlapMs, stop, restart, watch, hooks, onRotate } = parseSpec(words, spec);
      return { type: 'settingsChanged', settings: { overlapMs, stop, restart, watch, hooks, onRotate } };
    }
    default:
      return null;
  }
}

function happeningTo(verb: string, id: Id, words: string): UntimedInput {
  switch (verb) {
    case 'launched':
      return { type: 'launched', instance: id, pid: Number(words.replace('pid ', '')) };
    case 'launch-failed':
      return { type: 'launchFailed', instance: id, reason: words };
    case 'ready':
      return { type: 'becameReady', instance: id };
    case 'not-ready':
      return { type: 'readinessTimedOut', instance: id, reason: words };
    case 'leader-exited':
      return { type: 'leaderExited', instance: id, exit: exitOf(words) };
    case 'exited':
      return { type: 'exited', instance: id, exit: exitOf(words) };
    case 'timer':
      return { type: 'timerFired', timer: id };
    case 'hook':
      return { type: 'hookFinished', hook: id, failure: words === '' ? null : words.replace('failed: ', '') };
    case 'routed':
      return { type: 'routed', route: id, failure: words === '' ? null : words.replace('failed: ', '') };
    default:
      throw new Error(`nothing is called "${verb}"`);
  }
}

function orphanOf(parameter: string, words: string): UntimedInput {
  const [, pid = '', serves = '', folder] = /^pid (\d+)( serves)?(?: route (\S+))?$/.exec(words) ?? [];
  return {
    type: 'orphanFound',
    pid: Number(pid),
    parameter: parameter === '-' ? null : parameter,
    serves: serves !== '',
    route: folder === undefined ? null : { type: 'files', folder },
  };
}

function exitOf(words: string): Exit {
  if (words === 'unknown') return { unknown: true };
  const [, code] = /^code (\d+)$/.exec(words) ?? [];
  return code === undefined ? { signal: words } : { code: Number(code) };
}

function idOf(word: string, mark: string): Id {
  const id = Number(word.slice(1));
  if (!word.startsWith(mark) || !Number.isInteger(id))
    throw new Error(`"${word}" is not of the form ${mark}1`);
  return id;
}

/**
 * A world for the machine to run in: it carries out effects as the real runner does, and what happens next is chosen
 * by whoever drives it. It keeps a trace of everything, for the rules to judge.
 */
import type { ServiceConfig } from '../../src/config/types.ts';
import { initialState, transition } from '../../src/rotator/transition.ts';
import type { Effect, Input, Id, Instance, Millis, State } from '../../src/rotator/machine.ts';

/** An input before its time is put on it. */
export type UntimedInput = Input extends infer E ? (E extends Input ? Omit<E, 'at'> : never) : never;

export interface TraceStep {
  readonly input: Input;
  /** It is about something that is over or never was: nothing may come of it. */
  readonly stale: boolean;
  readonly before: State;
  readonly after: State;
  readonly effects: readonly Effect[];
}

export interface Trace {
  readonly first: State;
  readonly steps: readonly TraceStep[];
  /** How many steps had been taken each time the world had come to rest. */
  readonly rests: readonly number[];
}

/** What has become of a process group. `leaderless`: the leader exited, others of the group live on. */
type Life = 'launching' | 'alive' | 'leaderless' | 'gone';

export interface Group {
  readonly id: Id;
  life: Life;
  probed: boolean;
  told: boolean;
  killed: boolean;
}

export class World {
  now: Millis = 1_000_000;
  readonly groups = new Map<Id, Group>();
  /** When each running timer is due. */
  readonly timers = new Map<Id, Millis>();
  readonly hooks = new Set<Id>();
  /** Switches under way, in their order; what comes of one that nobody waits for any more is told all the same. */
  readonly routes = new Set<Id>();
  /** What could still be delivered although it is over. */
  readonly stale: UntimedInput[] = [{ type: 'timerFired', timer: 90_001 }, ...everyInputOf(90_002)];
  readonly trace: { first: State; steps: TraceStep[]; rests: number[] };
  #state: State;
  #lastRequest = 0;
  #lastPid = 100;

  constructor(spec: ServiceConfig) {
    this.#state = deepFreeze(initialState(spec));
    this.trace = { first: this.#state, steps: [], rests: [] };
  }

  get state(): State {
    return this.#state;
  }

  newRequest(): Id {
    return ++this.#lastRequest;
  }

  newPid(): number {
    return ++this.#lastPid;
  }

  groupsThat(holds: (group: Group) => boolean): readonly Group[] {
    return [...this.groups.values()].filter(holds);
  }

  happen(untimed: UntimedInput, stale = false): void {
    const input: Input = deepFreeze({ ...untimed, at: this.now });
    const before = this.#state;
    const { state, effects } = transition(before, input);
    this.#state = deepFreeze(state);
    this.trace.steps.push({ input, stale, before, after: state, effects: deepFreeze(effects) });
    if (stale) return;
    this.#note(input);
    for (const effect of effects) this.#carryOut(effect);
    this.now += 1;
  }

  /** Fires what is due, in order, then sets the clock on. */
  passTime(ms: Millis): void {
    const until = this.now + ms;
    for (let due = this.nextTimer(); due !== null && due.at <= until; due = this.nextTimer()) {
      this.now = Math.max(this.now, due.at);
      this.happen({ type: 'timerFired', timer: due.timer });
    }
    this.now = Math.max(this.now, until);
  }

  nextTimer(): { readonly timer: Id; readonly at: Millis } | null {
    const [first] = [...this.timers].sort(([, one], [, other]) => one - other);
    return first === undefined ? null : { timer: first[0], at: first[1] };
  }

  /** What the outside knows of an input that is true: the runner's side of it. */
  #note(input: Input): void {
    switch (input.type) {
      case 'launched':
        this.#group(input.instance).life = 'alive';
        this.stale.push({ type: 'launchFailed', instance: input.instance, reason: 'late' });
        this.stale.push({ type: 'launched', instance: input.instance, pid: input.pid });
        return;
      case 'becameReady':
      case 'readinessTimedOut':
        this.#probeOver(input.instance);
        return;
      case 'leaderExited':
        this.#group(input.instance).life = 'leaderless';
        this.stale.push({ type: 'leaderExited', instance: input.instance, exit: input.exit });
        return;
      case 'launchFailed':
      case 'exited':
        this.#group(input.instance).life = 'gone';
        this.#probeOver(input.instance);
        this.stale.push(...everyInputOf(input.instance));
        return;
      case 'timerFired':
        this.#timerOver(input.timer);
        return;
      case 'hookFinished':
        this.#hookOver(input.hook);
        return;
      case 'routed':
        this.routes.delete(input.route);
        this.stale.push({ type: 'routed', route: input.route, failure: null });
        this.stale.push({ type: 'routed', route: input.route, failure: 'late' });
        return;
      case 'rotationRequested':
      case 'startRequested':
      case 'stopRequested':
      case 'restartRequested':
      case 'signalRequested':
      case 'specChanged':
      case 'settingsChanged':
      case 'killRequested':
      case 'orphanFound':
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'launch': {
        const { instance: id } = effect;
        this.groups.set(id, { id, life: 'launching', probed: false, told: false, killed: false });
        return;
      }
      case 'adopt': {
        const { instance: id } = effect;
        this.groups.set(id, { id, life: 'alive', probed: false, told: false, killed: false });
        return;
      }
      case 'signal': {
        const group = this.#group(effect.instance);
        group.killed ||= effect.signal === 'SIGKILL';
        group.told ||= effect.signal !== 'SIGHUP';
        return;
      }
      case 'probe':
        this.#group(effect.instance).probed = true;
        return;
      case 'cancelProbe':
        this.#probeOver(effect.instance);
        return;
      case 'startTimer':
        this.timers.set(effect.timer, this.now + effect.ms);
        return;
      case 'cancelTimer':
        this.#timerOver(effect.timer);
        return;
      case 'runHook':
        this.hooks.add(effect.hook);
        return;
      case 'cancelHook':
        this.#hookOver(effect.hook);
        return;
      case 'route':
        this.routes.add(effect.route);
        return;
      case 'withdrawRoute':
      case 'keepRoute':
      case 'cancelLaunch':
      case 'report':
      case 'answer':
    }
  }

  #group(id: Id): Group {
    const group = this.groups.get(id);
    if (group === undefined) throw new Error(`there is no instance #${id}`);
    return group;
  }

  #probeOver(instance: Id): void {
    this.#group(instance).probed = false;
    this.stale.push(
      { type: 'becameReady', instance },
      { type: 'readinessTimedOut', instance, reason: 'late' },
    );
  }

  #timerOver(timer: Id): void {
    this.timers.delete(timer);
    this.stale.push({ type: 'timerFired', timer });
  }

  #hookOver(hook: Id): void {
    this.hooks.delete(hook);
    this.stale.push({ type: 'hookFinished', hook, failure: null });
    this.stale.push({ type: 'hookFinished', hook, failure: 'late' });
  }
}

function everyInputOf(id: Instance['id']): readonly UntimedInput[] {
  return [
    { type: 'launched', instance: id, pid: 1 },
    { type: 'launchFailed', instance: id, reason: 'late' },
    { type: 'becameReady', instance: id },
    { type: 'readinessTimedOut', instance: id, reason: 'late' },
    { type: 'leaderExited', instance: id, exit: { code: 1 } },
    { type: 'exited', instance: id, exit: { code: 1 } },
  ];
}

/** What is frozen already is frozen all the way down: states share their parts. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

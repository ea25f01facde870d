import type { ServiceConfig, Settings, SignalName } from '../config/types.ts';
import { wantedSpec } from '../rotator/intents.ts';
import { currentOf, liveInstances } from '../rotator/instances.ts';
import type { Event } from '../api/event.ts';
import { leftAloneBecause } from '../rotator/requests.ts';
import { initialState, transition } from '../rotator/transition.ts';
import type { Answer, Effect, Input, Id, Instance, Millis, State } from '../rotator/machine.ts';
import { viewOf, type ServiceView } from '../rotator/view.ts';

/** An input before its time is put on it. */
export type UntimedInput = Input extends infer E ? (E extends Input ? Omit<E, 'at'> : never) : never;

/** An effect on processes, timers and routes; the others are words. */
export type OuterEffect = Exclude<Effect, { type: 'report' | 'answer' }>;

export type RequestType = 'rotationRequested' | 'startRequested' | 'stopRequested' | 'restartRequested';

/** Performs effects, and gets what is to be published. */
export interface EffectHandler {
  now(): Millis;
  /** What comes of an effect is handed to `dispatch`, at once or later. */
  perform(effect: OuterEffect, dispatch: (untimed: UntimedInput) => void): void;
  report(event: Event): void;
  /** KILL to the hooks that are under way. */
  killHooks(): void;
  /** After each input, when its effects have been carried out. */
  settled(state: State, previous: State): void;
}

/**
 * Runs one service: one queue of inputs, one place that changes the state. An input that comes while another is being
 * dealt with waits for its turn.
 */
export class ServiceRunner {
  readonly #handler: EffectHandler;
  readonly #queue: Input[] = [];
  readonly #asked = new Map<Id, (answer: Answer) => void>();
  #state: State;
  #lastRequest = 0;
  #busy = false;

  constructor(spec: ServiceConfig, handler: EffectHandler) {
    this.#handler = handler;
    this.#state = initialState(spec);
  }

  get name(): string {
    return this.#state.spec.name;
  }

  /** The configuration in force. */
  get spec(): ServiceConfig {
    return this.#state.spec;
  }

  /** The newest configuration that has not failed: the one in force, unless another one is being rolled out. */
  get wantedSpec(): ServiceConfig {
    return wantedSpec(this.#state).spec;
  }

  /** The last reload's configuration did not come up, and the one before it stays in force. */
  get rollOutFailed(): boolean {
    return this.#state.rollOutFailure !== null;
  }

  get phase(): State['phase']['name'] {
    return this.#state.phase.name;
  }

  get view(): ServiceView {
    return viewOf(this.#state);
  }

  get current(): Instance | null {
    return currentOf(this.#state);
  }

  /** Process groups that are not gone yet, those on their way out included. */
  get liveInstances(): readonly Instance[] {
    return liveInstances(this.#state);
  }

  /** Whether nothing is left of it and nothing will come by itself. */
  get atRest(): boolean {
    return ['stopped', 'failed'].includes(this.phase) && this.liveInstances.length === 0;
  }

  /** Asks for something; the answer comes when it is done. */
  request(type: RequestType): Promise<Answer> {
    return this.#ask((request) => ({ type, request }));
  }

  /** This service's part in a rotation of all. One that has none says so, and is left alone. */
  rotateAmongAll(): Promise<Answer> {
    const reason = leftAloneBecause(this.spec);
    if (reason === null) return this.request('rotationRequested');
    this.#handler.report({ at: this.#handler.now(), service: this.name, type: 'rotation-skipped', reason });
    return Promise.resolve({ type: 'refused', reason, code: 'left-alone' });
  }

  signal(signal: SignalName): Promise<Answer> {
    return this.#ask((request) => ({ type: 'signalRequested', request, signal }));
  }

  /** Rolls out another configuration. The answer is that of the rotation, or of the start. */
  rollOut(spec: ServiceConfig): Promise<Answer> {
    return this.#ask((request) => ({ type: 'specChanged', request, spec }));
  }

  /** Settings apply at once. */
  apply(settings: Settings): Promise<Answer> {
    return this.#ask((request) => ({ type: 'settingsChanged', request, settings }));
  }

  /** A process group that an earlier manager left behind. */
  orphanFound({ pid, parameter, serves, route }: Omit<UntimedInput & { type: 'orphanFound' }, 'type'>): void {
    this.#dispatch({ type: 'orphanFound', pid, parameter, serves, route });
  }

  /** KILL to whatever is on its way out. */
  kill(): void {
    this.#handler.killHooks();
    this.#dispatch({ type: 'killRequested' });
  }

  #ask(untimed: (request: Id) => UntimedInput): Promise<Answer> {
    return new Promise((resolve) => {
      const request = ++this.#lastRequest;
      this.#asked.set(request, resolve);
      this.#dispatch(untimed(request));
    });
  }

  #dispatch(untimed: UntimedInput): void {
    this.#queue.push({ ...untimed, at: this.#handler.now() });
    if (this.#busy) return;
    this.#busy = true;
    for (let input = this.#queue.shift(); input !== undefined; input = this.#queue.shift()) {
      const dealt = input;
      unharmed(() => {
        this.#deal(dealt);
      });
    }
    this.#busy = false;
  }

  #deal(input: Input): void {
    const previous = this.#state;
    const { state, effects } = transition(previous, input);
    this.#state = state;
    const dispatch = (untimed: UntimedInput): void => {
      this.#dispatch(untimed);
    };
    // Words last: a process need not wait until they are written. What comes of an effect is dealt with after both.
    const words = effects.filter(({ type }) => type === 'report' || type === 'answer');
    for (const effect of effects)
      if (effect.type !== 'report' && effect.type !== 'answer')
        unharmed(() => {
          this.#handler.perform(effect, dispatch);
        });
    for (const effect of words)
      unharmed(() => {
        if (effect.type === 'report')
          this.#handler.report({ at: input.at, service: this.name, ...effect.report });
        else if (effect.type === 'answer') this.#answer(effect.request, effect.answer);
      });
    this.#handler.settled(state, previous);
  }

  #answer(request: Id, answer: Answer): void {
    const resolve = this.#asked.get(request);
    this.#asked.delete(request);
    resolve?.(answer);
  }
}

/** A throw is a bug, and is reported as one (`uncaughtException`); the effects and inputs after it have their turn. */
function unharmed(act: () => void): void {
  try {
    act();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

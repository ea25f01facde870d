/** Runs the machine of one service: a queue of inputs, the state, and the effects. */
import type { ServiceConfig, Settings, SignalName } from '../config/types.ts';
import { wantedSpec } from '../rotator/intents.ts';
import { currentOf, liveInstances } from '../rotator/instances.ts';
import type { Event } from '../api/event.ts';
import { leftAloneBecause } from '../rotator/requests.ts';
import { initialState, transition } from '../rotator/transition.ts';
import type { Answer, Effect, Input, Id, Instance, Millis, State } from '../rotator/machine.ts';
import { viewOf, type ServiceView } from '../rotator/view.ts';

/** An input without its time. */
export type UntimedInput = Input extends infer E ? (E extends Input ? Omit<E, 'at'> : never) : never;

/** An effect on processes, timers and routes: not a report, not an answer. */
export type OuterEffect = Exclude<Effect, { type: 'report' | 'answer' }>;

export type RequestType = 'rotationRequested' | 'startRequested' | 'stopRequested' | 'restartRequested';

/** Performs effects and publishes events. */
export interface EffectHandler {
  now(): Millis;
  /** The inputs that result from an effect go to `dispatch`, at once or later. */
  perform(effect: OuterEffect, dispatch: (untimed: UntimedInput) => void): void;
  report(event: Event): void;
  /** Sends KILL to the hooks that run. */
  killHooks(): void;
  /** Called after each input, when its effects have been performed. */
  settled(state: State, previous: State): void;
}

/**
 * The only place that changes the state of a service. An input that arrives while another one is processed waits in the
 * queue.
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

  /** The newest configuration that has not failed: the one that is rolled out, otherwise the one in force. */
  get wantedSpec(): ServiceConfig {
    return wantedSpec(this.#state).spec;
  }

  /** Whether the configuration of the last reload failed, so that the previous one stays in force. */
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

  /** The instances whose process group is not gone yet, including those that are stopping. */
  get liveInstances(): readonly Instance[] {
    return liveInstances(this.#state);
  }

  /** Whether no process is left and none will be started without a request. */
  get atRest(): boolean {
    return ['stopped', 'failed'].includes(this.phase) && this.liveInstances.length === 0;
  }

  /** Resolves with the answer when the request is done. */
  request(type: RequestType): Promise<Answer> {
    return this.#ask((request) => ({ type, request }));
  }

  /** Rotates as part of a rotation of all services. A service that takes no part reports that and is left alone. */
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

  apply(settings: Settings): Promise<Answer> {
    return this.#ask((request) => ({ type: 'settingsChanged', request, settings }));
  }

  /** Hands over a process group that a killed manager left behind. */
  orphanFound({ pid, parameter, serves, route }: Omit<UntimedInput & { type: 'orphanFound' }, 'type'>): void {
    this.#dispatch({ type: 'orphanFound', pid, parameter, serves, route });
  }

  /** Sends KILL to every instance that is stopping, and to hooks. */
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
      const next = input;
      containThrow(() => {
        this.#process(next);
      });
    }
    this.#busy = false;
  }

  #process(input: Input): void {
    const previous = this.#state;
    const { state, effects } = transition(previous, input);
    this.#state = state;
    const dispatch = (untimed: UntimedInput): void => {
      this.#dispatch(untimed);
    };
    // Reports and answers last: a process need not wait until they are written. Inputs from effects come after both.
    const published = effects.filter(({ type }) => type === 'report' || type === 'answer');
    for (const effect of effects)
      if (effect.type !== 'report' && effect.type !== 'answer')
        containThrow(() => {
          this.#handler.perform(effect, dispatch);
        });
    for (const effect of published)
      containThrow(() => {
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

/**
 * A throw is a bug. It is reported as one (`uncaughtException`), and the following effects and inputs are processed.
 */
function containThrow(act: () => void): void {
  try {
    act();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

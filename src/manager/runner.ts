import type { ServiceConfig, Settings, SignalName } from '../config/types.ts';
import { wantedSpec } from '../rotator/intents.ts';
import { currentOf, liveInstances } from '../rotator/instances.ts';
import type { Occurrence } from '../api/events.ts';
import { leftAloneBecause } from '../rotator/requests.ts';
import { initialState, transition } from '../rotator/transition.ts';
import type { Answer, Effect, Event, Id, Instance, Millis, State } from '../rotator/types.ts';
import { viewOf, type ServiceView } from '../rotator/view.ts';

/** An event before its time is put on it. */
export type Happening = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

/** An effect on the world; the others are words. */
export type Deed = Exclude<Effect, { type: 'report' | 'answer' }>;

export type RequestType = 'rotationRequested' | 'startRequested' | 'stopRequested' | 'restartRequested';

/** What the runner needs of the world. */
export interface RunnerWorld {
  now(): Millis;
  /** Carries out what is done to processes and timers; what comes of it is told with `happened`, at once or later. */
  carryOut(effect: Deed, happened: (happening: Happening) => void): void;
  report(occurrence: Occurrence): void;
  /** KILL to the hooks that are under way. */
  killHooks(): void;
  /** After each event, when its effects have been carried out. */
  settled(state: State, previous: State): void;
}

/**
 * Runs one service: one queue of events, one place that changes the state. An event that comes while another is being
 * dealt with waits for its turn.
 */
export class ServiceRunner {
  readonly #world: RunnerWorld;
  readonly #queue: Event[] = [];
  readonly #asked = new Map<Id, (answer: Answer) => void>();
  #state: State;
  #lastRequest = 0;
  #busy = false;

  constructor(spec: ServiceConfig, world: RunnerWorld) {
    this.#world = world;
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
    this.#world.report({ at: this.#world.now(), service: this.name, type: 'rotation-skipped', reason });
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
  orphanFound({ pid, parameter, serves, route }: Omit<Happening & { type: 'orphanFound' }, 'type'>): void {
    this.#happened({ type: 'orphanFound', pid, parameter, serves, route });
  }

  /** KILL to whatever is on its way out. */
  kill(): void {
    this.#world.killHooks();
    this.#happened({ type: 'killRequested' });
  }

  #ask(happening: (request: Id) => Happening): Promise<Answer> {
    return new Promise((resolve) => {
      const request = ++this.#lastRequest;
      this.#asked.set(request, resolve);
      this.#happened(happening(request));
    });
  }

  #happened(happening: Happening): void {
    this.#queue.push({ ...happening, at: this.#world.now() });
    if (this.#busy) return;
    this.#busy = true;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      const dealt = event;
      unharmed(() => {
        this.#deal(dealt);
      });
    }
    this.#busy = false;
  }

  #deal(event: Event): void {
    const previous = this.#state;
    const { state, effects } = transition(previous, event);
    this.#state = state;
    const happened = (happening: Happening): void => {
      this.#happened(happening);
    };
    // Words last: a process need not wait until they are written. What comes of an effect is dealt with after both.
    const words = effects.filter(({ type }) => type === 'report' || type === 'answer');
    for (const effect of effects)
      if (effect.type !== 'report' && effect.type !== 'answer')
        unharmed(() => {
          this.#world.carryOut(effect, happened);
        });
    for (const effect of words)
      unharmed(() => {
        if (effect.type === 'report') this.#world.report(effect.occurrence);
        else if (effect.type === 'answer') this.#answer(effect.request, effect.answer);
      });
    this.#world.settled(state, previous);
  }

  #answer(request: Id, answer: Answer): void {
    const resolve = this.#asked.get(request);
    this.#asked.delete(request);
    resolve?.(answer);
  }
}

/** A throw is a bug, and is reported as one (`uncaughtException`); the effects and events after it have their turn. */
function unharmed(act: () => void): void {
  try {
    act();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

import type { ServiceReport } from '../api/event.ts';
import type { Answer, Effect, Id, Millis, Phase, State, Transition } from './machine.ts';

/**
 * One turn of the machine: the present state, and the effects in their order. A turn exists during one `transition`. A
 * state is replaced, never changed in place.
 */
export class Turn {
  readonly at: Millis;
  #state: State;
  readonly #effects: Effect[] = [];

  constructor(state: State, at: Millis) {
    this.#state = state;
    this.at = at;
  }

  get state(): State {
    return this.#state;
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  update(patch: Partial<Omit<State, 'phase' | 'nextId'>>): void {
    this.#state = { ...this.#state, ...patch };
  }

  enter(phase: Phase): void {
    this.#state = { ...this.#state, phase };
  }

  newId(): Id {
    const id = this.#state.nextId;
    this.#state = { ...this.#state, nextId: id + 1 };
    return id;
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  report(report: ServiceReport): void {
    this.effect({ type: 'report', report });
  }

  answer(requests: readonly Id[], answer: Answer): void {
    for (const request of requests) this.effect({ type: 'answer', request, answer });
  }

  startTimer(ms: number): Id {
    const timer = this.newId();
    this.effect({ type: 'startTimer', timer, ms });
    return timer;
  }

  get result(): Transition {
    return { state: this.#state, effects: this.#effects };
  }
}

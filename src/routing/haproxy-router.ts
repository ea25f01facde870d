/** Notifies HAProxy over its runtime API: the server of an instance is `ready`, `drain` or `maint`. */
import { setTimeout as delay } from 'node:timers/promises';
import { substitute } from '../config/values/template.ts';
import type { Route } from '../config/types.ts';
import { DONE, failure, type Result } from '../util/result.ts';
import { askHaproxy } from './haproxy-socket.ts';
import { readServerStates } from './haproxy-state.ts';
import type { Deviation, Router, Targets, Withdrawal } from './router.ts';

type HaproxyRoute = Extract<Route, { type: 'haproxy' }>;
type ServerState = 'ready' | 'drain' | 'maint';

const LOOK_AGAIN_AFTER_MS = 50;
const NO_SUCH_SERVER = /^No such server\b/;

interface CommandFailure {
  readonly text: string;
  /** The answer, if HAProxy refused the command in words. */
  readonly answer: string | null;
  /** HAProxy does not run, so it sends no requests. */
  readonly gone: boolean;
}

export class HaproxyRouter implements Router {
  readonly #route: HaproxyRoute;
  readonly #targets: Targets;

  constructor(route: HaproxyRoute, targets: Targets) {
    this.#route = route;
    this.#targets = targets;
  }

  /**
   * Each command waits for the answer to the command before it. Commands joined by `;` would all be performed, and a
   * `drain` after a failed `ready` would leave no server. The look at the end detects a HAProxy that was replaced
   * between two commands.
   */
  async direct(to: string, withinMs: number): Promise<Result<void>> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const directed = await this.#directOnce(to, deadline);
      if (!directed.ok) return directed;
      const deviation = await this.#deviation(to, deadline, true);
      if (deviation === null) return DONE;
      if (!deviation.fixable || performance.now() + LOOK_AGAIN_AFTER_MS >= deadline)
        return failure(deviation.reason);
      await delay(LOOK_AGAIN_AFTER_MS);
    }
  }

  /**
   * With `lost`, nothing is done: HAProxy tries a refused connection again, so a quick restart loses fewer requests.
   */
  async withdraw(because: Withdrawal, withinMs: number): Promise<Result<void>> {
    if (because === 'lost') return DONE;
    const deadline = performance.now() + withinMs;
    let result: Result<void> = DONE;
    for (const parameter of [...this.#targets.parameters, ...this.#targets.former]) {
      const set = await this.#setState(parameter, 'maint', deadline);
      if (set.ok || this.#isNoMore(parameter, set.reason)) continue;
      if (set.reason.gone) return DONE;
      if (result.ok) result = failure(set.reason.text);
      if (set.reason.answer === null) break;
    }
    return result;
  }

  deviation(to: string, withinMs: number): Promise<Deviation | null> {
    return this.#deviation(to, performance.now() + withinMs, false);
  }

  async place(withinMs: number): Promise<string | null> {
    const answer = await askHaproxy(this.#route.socket, 'show info', performance.now() + withinMs, false);
    const pid = answer.ok ? /^Pid: (\d+)$/m.exec(answer.value)?.[1] : undefined;
    if (!answer.ok || pid === undefined) return null;
    // The name of the machine too, because processes in other containers can have the same pid.
    const node = /^node: (.*)$/m.exec(answer.value)?.[1] ?? '';
    return [node, pid, this.#route.backend, this.#route.server].join(' ');
  }

  async #directOnce(to: string, deadline: number): Promise<Result<void>> {
    const first = await this.#setState(to, 'ready', deadline);
    if (!first.ok) return failure(first.reason.text);
    const healthy = await this.#setHealthy(to, deadline);
    if (!healthy.ok) return healthy;
    for (const other of [...this.#targets.parameters, ...this.#targets.former]) {
      if (other === to) continue;
      const set = await this.#setState(other, 'drain', deadline);
      if (set.ok || this.#isNoMore(other, set.reason)) continue;
      return failure(
        `HAProxy sends new requests to ${this.#serverOf(to)} already, and still to ${this.#serverOf(other)}: ${set.reason.text}`,
      );
    }
    return DONE;
  }

  /**
   * A health check of HAProxy may not have noticed the instance yet. It would keep the server down, and with the other
   * servers drained, no server would be left. The text of the answer does not matter: HAProxy refuses the command for a
   * server that tracks the health of another one, and a server without a check is up anyway.
   */
  async #setHealthy(parameter: string, deadline: number): Promise<Result<void>> {
    const { socket, backend } = this.#route;
    const command = `set server ${backend}/${this.#serverOf(parameter)} health up`;
    const answer = await askHaproxy(socket, command, deadline, true);
    return answer.ok ? DONE : failure(answer.reason.text);
  }

  async #setState(
    parameter: string,
    state: ServerState,
    deadline: number,
  ): Promise<Result<void, CommandFailure>> {
    const { socket, backend } = this.#route;
    const command = `set server ${backend}/${this.#serverOf(parameter)} state ${state}`;
    const answer = await askHaproxy(socket, command, deadline, state !== 'maint');
    if (!answer.ok) return failure({ text: answer.reason.text, answer: null, gone: answer.reason.gone });
    if (answer.value === '') return DONE;
    return failure({ text: this.#refusal(command, answer.value), answer: answer.value, gone: false });
  }

  async #deviation(to: string, deadline: number, retry: boolean): Promise<Deviation | null> {
    const { socket, backend } = this.#route;
    const command = `show servers state ${backend}`;
    const answer = await askHaproxy(socket, command, deadline, retry);
    if (!answer.ok) return { reason: answer.reason.text, fixable: false };
    const states = readServerStates(answer.value);
    if (states === null) return { reason: this.#refusal(command, answer.value), fixable: false };
    for (const parameter of [...this.#targets.parameters, ...this.#targets.former]) {
      const server = this.#serverOf(parameter);
      // A missing server gets no requests. That is a deviation only for `to`.
      const getsRequests = states.get(server) ?? false;
      if (getsRequests === (parameter === to)) continue;
      const what = getsRequests ? 'sends new requests' : 'does not send new requests';
      const reason = `HAProxy on ${socket} ${what} to ${backend}/${server}: HAProxy was restarted, or another program changed the state of this server`;
      return { reason, fixable: true };
    }
    return null;
  }

  /** A reload of alternate and of HAProxy has removed the server, so it gets no requests. */
  #isNoMore(parameter: string, { answer }: CommandFailure): boolean {
    return answer !== null && NO_SUCH_SERVER.test(answer) && this.#targets.former.includes(parameter);
  }

  #refusal(command: string, answer: string): string {
    const line = (answer.split('\n')[0] ?? '').slice(0, 200);
    return `HAProxy on ${this.#route.socket} answered ${JSON.stringify(line)} to "${command}"${hint(line)}`;
  }

  #serverOf(parameter: string): string {
    return substitute(this.#route.server, parameter);
  }
}

function hint(line: string): string {
  if (/^Permission denied/i.test(line)) return ': its "stats socket" needs "level admin"';
  if (/^No such (?:server|backend)|^Can't find backend/.test(line))
    return ': name the same backend and servers in route.haproxy and in the configuration of HAProxy';
  return '';
}

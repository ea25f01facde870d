/** HAProxy, told over its runtime API: the server of an instance is `ready`, `drain` or `maint`. */
import { setTimeout as delay } from 'node:timers/promises';
import { substitute } from '../config/values/template.ts';
import type { Route } from '../config/types.ts';
import { askHaproxy } from './haproxy-socket.ts';
import { readServerStates } from './haproxy-state.ts';
import type { Deviation, Router, Targets, Withdrawal } from './router.ts';

type HaproxyRoute = Extract<Route, { type: 'haproxy' }>;
type ServerState = 'ready' | 'drain' | 'maint';

const LOOK_AGAIN_AFTER_MS = 50;
const NO_SUCH_SERVER = /^No such server\b/;

/** `said`: HAProxy answered, in words. */
type Told = 'done' | { readonly reason: string; readonly said: string | null; readonly gone: boolean };

export class HaproxyRouter implements Router {
  readonly #route: HaproxyRoute;
  readonly #targets: Targets;

  constructor(route: HaproxyRoute, targets: Targets) {
    this.#route = route;
    this.#targets = targets;
  }

  /**
   * Each command waits for the answer of the one before it: commands parted by `;` are all carried out, and a `drain`
   * after a `ready` that failed would leave nobody to serve. The look at the end finds a HAProxy that was replaced
   * between two commands.
   */
  async direct(to: string, withinMs: number): Promise<string | null> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const failed = await this.#tellAll(to, deadline);
      if (failed !== null) return failed;
      const deviation = await this.#deviation(to, deadline, true);
      const again = deviation?.mendable === true && performance.now() + LOOK_AGAIN_AFTER_MS < deadline;
      if (!again) return deviation?.reason ?? null;
      await delay(LOOK_AGAIN_AFTER_MS);
    }
  }

  /** A lost instance is left alone: HAProxy tries a refused connection again, and a quick restart loses less that way. */
  async withdraw(because: Withdrawal, withinMs: number): Promise<string | null> {
    if (because === 'lost') return null;
    const deadline = performance.now() + withinMs;
    let failed: string | null = null;
    for (const parameter of [...this.#targets.parameters, ...this.#targets.former]) {
      const told = await this.#tell(parameter, 'maint', deadline);
      if (told === 'done' || this.#isNoMore(parameter, told)) continue;
      if (told.gone) return null;
      failed ??= told.reason;
      if (told.said === null) break;
    }
    return failed;
  }

  deviation(to: string, withinMs: number): Promise<Deviation | null> {
    return this.#deviation(to, performance.now() + withinMs, false);
  }

  async place(withinMs: number): Promise<string | null> {
    const answer = await askHaproxy(this.#route.socket, 'show info', performance.now() + withinMs, false);
    const pid = answer.ok ? /^Pid: (\d+)$/m.exec(answer.text)?.[1] : undefined;
    if (!answer.ok || pid === undefined) return null;
    // Processes in other containers can have the same pid.
    const node = /^node: (.*)$/m.exec(answer.text)?.[1] ?? '';
    return [node, pid, this.#route.backend, this.#route.server].join(' ');
  }

  async #tellAll(to: string, deadline: number): Promise<string | null> {
    const first = await this.#tell(to, 'ready', deadline);
    if (first !== 'done') return first.reason;
    const healthy = await this.#tellHealthy(to, deadline);
    if (healthy !== null) return healthy;
    for (const other of [...this.#targets.parameters, ...this.#targets.former]) {
      if (other === to) continue;
      const told = await this.#tell(other, 'drain', deadline);
      if (told === 'done' || this.#isNoMore(other, told)) continue;
      return `${this.#serverOf(to)} is let in already, but ${this.#serverOf(other)} is not let out: ${told.reason}`;
    }
    return null;
  }

  /**
   * A health check of HAProxy's own may not have noticed yet that the instance is there: it would leave the server down,
   * and with the others let out nobody would serve. What it answers does not matter: a server that tracks another one's
   * health cannot be told, and one without a check is up anyway.
   */
  async #tellHealthy(parameter: string, deadline: number): Promise<string | null> {
    const { socket, backend } = this.#route;
    const command = `set server ${backend}/${this.#serverOf(parameter)} health up`;
    const answer = await askHaproxy(socket, command, deadline, true);
    return answer.ok ? null : answer.reason;
  }

  async #tell(parameter: string, state: ServerState, deadline: number): Promise<Told> {
    const { socket, backend } = this.#route;
    const command = `set server ${backend}/${this.#serverOf(parameter)} state ${state}`;
    const answer = await askHaproxy(socket, command, deadline, state !== 'maint');
    if (!answer.ok) return { reason: answer.reason, said: null, gone: answer.gone };
    if (answer.text === '') return 'done';
    return { reason: this.#refusal(command, answer.text), said: answer.text, gone: false };
  }

  async #deviation(to: string, deadline: number, retry: boolean): Promise<Deviation | null> {
    const { socket, backend } = this.#route;
    const command = `show servers state ${backend}`;
    const answer = await askHaproxy(socket, command, deadline, retry);
    if (!answer.ok) return { reason: answer.reason, mendable: false };
    const states = readServerStates(answer.text);
    if (states === null) return { reason: this.#refusal(command, answer.text), mendable: false };
    for (const parameter of [...this.#targets.parameters, ...this.#targets.former]) {
      const server = this.#serverOf(parameter);
      // One that is missing takes no requests, unless it is the one that should.
      const letIn = states.get(server) ?? false;
      if (letIn === (parameter === to)) continue;
      const what = letIn ? 'lets in' : 'does not let in';
      const reason = `HAProxy on ${socket} ${what} ${backend}/${server}: it was restarted, or somebody else told it so`;
      return { reason, mendable: true };
    }
    return null;
  }

  /** A server that a reload of both sides has taken away takes no requests. */
  #isNoMore(parameter: string, told: Exclude<Told, 'done'>): boolean {
    return told.said !== null && NO_SUCH_SERVER.test(told.said) && this.#targets.former.includes(parameter);
  }

  #refusal(command: string, words: string): string {
    const line = (words.split('\n')[0] ?? '').slice(0, 200);
    return `HAProxy on ${this.#route.socket} answered ${JSON.stringify(line)} to "${command}"${hint(line)}`;
  }

  #serverOf(parameter: string): string {
    return substitute(this.#route.server, parameter);
  }
}

function hint(line: string): string {
  if (/^Permission denied/i.test(line)) return ': its "stats socket" needs "level admin"';
  if (/^No such (?:server|backend)|^Can't find backend/.test(line))
    return ': route.haproxy and its configuration must name the same backend and servers';
  return '';
}

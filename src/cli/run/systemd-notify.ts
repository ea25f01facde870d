/**
 * Tells systemd, or whoever has set NOTIFY_SOCKET, how the manager is: sd_notify(3). Node has no datagram sockets of the
 * unix kind, so the program systemd-notify(1) sends; it waits until its message has been read, and is not waited for.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { LoadResult } from '../../config/load.ts';
import type { Event } from '../../api/event.ts';
import type { ServiceView } from '../../rotator/view.ts';

/** Whoever reads the messages has stopped to do so when one takes longer, in ms. */
const SEND_MS = 10_000;

/** The machine has no room for a process at this moment: the message is sent later. */
const PASSING_TROUBLE: readonly unknown[] = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'];
const AGAIN_AFTER_MS = 1_000;

/** `VARIABLE=value` each, sent as one message. */
type Message = readonly string[];

export interface SystemdOptions {
  /** The services as they are now. */
  views(): readonly ServiceView[];
  /** Called at most once: nothing is told to systemd from then on. */
  warn(text: string): void;
}

export class Systemd {
  readonly #options: SystemdOptions;
  #waiting: Message[] = [];
  #sending = false;
  #lost = false;
  #started = false;
  #ready = false;
  #reloading = false;
  #stopping = false;
  #status = '';
  #lookPlanned = false;

  constructor(options: SystemdOptions) {
    this.#options = options;
  }

  /** Every service has been asked to start: READY=1 follows as soon as none of them is `starting` any more. */
  started(): void {
    this.#started = true;
    this.#planLook();
  }

  onEvent({ type }: Event): void {
    if (type === 'manager-stopping') {
      this.#stopping = true;
      this.#printMessage(['STOPPING=1', 'STATUS=stopping']);
    } else if (type === 'config-reloaded' || type === 'reload-refused') {
      if (this.#reloading && !this.#stopping) this.#printMessage(['READY=1']);
      this.#reloading = false;
      this.#planLook();
    } else this.#planLook();
  }

  /** The same reading of the configuration, announced as a reload. */
  announced(load: () => Promise<LoadResult>): () => Promise<LoadResult> {
    return () => {
      // Before the first READY=1 systemd knows no reload, and the READY=1 after it would say too much.
      if (this.#ready && !this.#stopping) {
        this.#reloading = true;
        this.#printMessage(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`]);
      }
      return load();
    };
  }

  /** What happens in one moment is looked at once. */
  #planLook(): void {
    if (this.#lookPlanned) return;
    this.#lookPlanned = true;
    setImmediate(() => {
      this.#lookPlanned = false;
      this.#look();
    });
  }

  #look(): void {
    const views = this.#options.views();
    if (!this.#started || this.#stopping) return;
    const status = statusLine(views);
    if (!this.#ready) {
      if (views.some(({ state }) => state === 'starting')) return;
      this.#ready = true;
      this.#printMessage(['READY=1', status]);
    } else if (status !== this.#status) this.#printMessage([status]);
    this.#status = status;
  }

  #printMessage(message: Message): void {
    if (this.#lost) return;
    // A status that was not sent yet is out of date.
    this.#waiting = this.#waiting.filter(([first = '']) => !first.startsWith('STATUS='));
    this.#waiting.push(message);
    this.#sendNext();
  }

  #sendNext(): void {
    const message = this.#sending ? undefined : this.#waiting.shift();
    if (message === undefined) return;
    this.#sending = true;
    const done = (problem: string | null): void => {
      if (!this.#sending) return;
      this.#sending = false;
      if (problem === null) this.#sendNext();
      else this.#giveUp(problem);
    };
    const failed = ({ code, message: reason }: NodeJS.ErrnoException): void => {
      if (PASSING_TROUBLE.includes(code)) this.#sendLater(message);
      else done(`systemd-notify, a part of systemd, cannot be started (${reason}). Install it`);
    };
    let child: ChildProcess;
    try {
      child = spawn('systemd-notify', message, { stdio: 'ignore', timeout: SEND_MS });
    } catch (error) {
      failed(error as NodeJS.ErrnoException);
      return;
    }
    child.once('error', failed);
    child.once('exit', (code, signal) => {
      const end = code ?? signal ?? 'nothing';
      done(code === 0 ? null : `systemd-notify ended with ${end}. Unset NOTIFY_SOCKET`);
    });
  }

  /** Before what waits; until then nothing else is sent. */
  #sendLater(message: Message): void {
    setTimeout(() => {
      this.#waiting.unshift(message);
      this.#sending = false;
      this.#sendNext();
    }, AGAIN_AFTER_MS).unref();
  }

  #giveUp(problem: string): void {
    this.#lost = true;
    this.#waiting = [];
    this.#options.warn(`systemd is not told how the manager is: ${problem}, or set Type=exec in the unit`);
  }
}

/** A service that rotates serves, too: what comes and goes within seconds is not worth a message. */
function statusLine(views: readonly ServiceView[]): string {
  const others = views.filter(({ state }) => state !== 'running' && state !== 'rotating');
  const of = others.length === 0 ? '' : ` of ${views.length}`;
  const rest = others.map(({ name, state }) => `; ${name}: ${state}`).join('');
  return `STATUS=${views.length - others.length}${of} running${rest}`;
}

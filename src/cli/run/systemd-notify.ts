/**
 * Reports the state of the manager to systemd, or to another program that has set NOTIFY_SOCKET: sd_notify(3). Node.js
 * has no unix datagram sockets, so the program systemd-notify(1) sends the messages. It ends when its message has been
 * read.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { LoadResult } from '../../config/load.ts';
import type { Event } from '../../api/event.ts';
import type { ServiceView } from '../../rotator/view.ts';

/** In ms. If a message takes longer, its reader no longer reads. */
const SEND_MS = 10_000;

/** The errors when the machine temporarily cannot start a process. The message is sent later. */
const PASSING_TROUBLE: readonly unknown[] = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'];
const AGAIN_AFTER_MS = 1_000;

/** `VARIABLE=value` each, sent as one message. */
type Message = readonly string[];

export interface SystemdOptions {
  /** The services as they are now. */
  views(): readonly ServiceView[];
  /** Called at most once. No more messages are sent after that. */
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

  /** Call this when every service has been asked to start. READY=1 follows when none of them is `starting` any more. */
  started(): void {
    this.#started = true;
    this.#planLook();
  }

  onEvent({ type }: Event): void {
    if (type === 'manager-stopping') {
      this.#stopping = true;
      this.#send(['STOPPING=1', 'STATUS=stopping']);
    } else if (type === 'config-reloaded' || type === 'reload-refused') {
      if (this.#reloading && !this.#stopping) this.#send(['READY=1']);
      this.#reloading = false;
      this.#planLook();
    } else this.#planLook();
  }

  /** Wraps `load`: announces each call to systemd as a reload. */
  announced(load: () => Promise<LoadResult>): () => Promise<LoadResult> {
    return () => {
      // Not before the first READY=1: systemd does not expect a reload then, and the READY=1 after it would be too
      // early.
      if (this.#ready && !this.#stopping) {
        this.#reloading = true;
        this.#send(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`]);
      }
      return load();
    };
  }

  /** Several events at the same moment cause one check. */
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
      this.#send(['READY=1', status]);
    } else if (status !== this.#status) this.#send([status]);
    this.#status = status;
  }

  #send(message: Message): void {
    if (this.#lost) return;
    // A status that waits to be sent is out of date.
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
      else done(`systemd-notify, a program of systemd, cannot be started (${reason}). Install it`);
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

  /** Sends a message again later. Until then no other message is sent. */
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
    this.#options.warn(
      `the state of the manager is no longer reported to systemd: ${problem}, or set Type=exec in the unit`,
    );
  }
}

/** A service that rotates counts as running: it serves, and the state lasts only seconds. */
function statusLine(views: readonly ServiceView[]): string {
  const others = views.filter(({ state }) => state !== 'running' && state !== 'rotating');
  const of = others.length === 0 ? '' : ` of ${views.length}`;
  const rest = others.map(({ name, state }) => `; ${name}: ${state}`).join('');
  return `STATUS=${views.length - others.length}${of} running${rest}`;
}

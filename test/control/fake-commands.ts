import type { Commands } from '../../src/control/commands.ts';
import type { FailedService } from '../../src/api/reload-result.ts';
import type { ServiceStatus } from '../../src/api/status-document.ts';
import type { Answer } from '../../src/rotator/machine.ts';

/** A manager with one service, `web`, that answers what a test says. */
export class FakeCommands implements Commands {
  readonly asked: string[] = [];
  readonly listeners = new Set<(json: string) => void>();
  failed: Promise<readonly FailedService[]> = Promise.resolve([]);
  answer: () => Promise<Answer> = () => Promise.resolve({ type: 'done' });

  status(): ReturnType<Commands['status']> {
    return { version: '0.0.0', pid: 1, config: null, startedAt: '', services: [web] };
  }

  service(name: string): ServiceStatus | null {
    return name === 'web' ? web : null;
  }

  signal = (name: string, signal: string): Promise<Answer> => this.#ask(`signal ${name} ${signal}`);
  rotate = (name: string): Promise<Answer> => this.#ask(`rotate ${name}`);
  rotateAmongAll = (name: string): Promise<Answer> => this.#ask(`rotate ${name} among all`);
  start = (name: string): Promise<Answer> => this.#ask(`start ${name}`);
  stop = (name: string): Promise<Answer> => this.#ask(`stop ${name}`);
  restart = (name: string): Promise<Answer> => this.#ask(`restart ${name}`);

  reload(): ReturnType<Commands['reload']> {
    this.asked.push('reload');
    return Promise.resolve({
      ok: true,
      added: [],
      removed: [],
      changed: ['web'],
      applied: [],
      unchanged: [],
      failed: this.failed,
    });
  }

  shutdown(): void {
    this.asked.push('shutdown');
  }

  subscribe(listener: (json: string) => void, until: AbortSignal): void {
    this.listeners.add(listener);
    until.addEventListener('abort', () => this.listeners.delete(listener));
  }

  /** Tells every reader of events. */
  happens(json: string): void {
    for (const listener of this.listeners) listener(json);
  }

  #ask(what: string): Promise<Answer> {
    this.asked.push(what);
    return this.answer();
  }
}

const web: ServiceStatus = {
  name: 'web',
  state: 'running',
  current: null,
  next: null,
  retiring: [],
  pendingRotation: false,
  rotations: { completed: 0, failed: 0 },
  restarts: 0,
  lastRotation: null,
  detail: null,
};

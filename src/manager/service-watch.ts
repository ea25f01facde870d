/** Watches what a service's `watch` names, and tells the watcher which content serves. */
import type { InstanceSpec } from '../config/instance.ts';
import type { ServiceConfig } from '../config/types.ts';
import { programFile } from '../process/program.ts';
import { currentOf, liveInstances } from '../rotator/instances.ts';
import type { Id, State } from '../rotator/types.ts';
import { watchProgram, type ProgramWatch, type Snapshot } from '../triggers/watch.ts';

export interface WatchEvents {
  changed(): void;
  degraded(reason: string): void;
}

export class ServiceWatch {
  readonly #events: WatchEvents;
  readonly #snapshots = new Map<Id, Snapshot>();
  #watch: ProgramWatch | null = null;
  #paths: readonly string[] = [];

  constructor(events: WatchEvents) {
    this.#events = events;
  }

  /** Called right before a launch: remembers what the files are now. */
  launching(id: Id, service: ServiceConfig, instance: InstanceSpec): void {
    const paths = watchedPaths(service, instance);
    if (paths.join('\0') !== this.#paths.join('\0')) this.#arm(paths);
    if (this.#watch !== null) this.#snapshots.set(id, this.#watch.snapshot());
  }

  /** Called after each event: tells the watcher when another instance serves. */
  follow(state: State, previous: State): void {
    const current = currentOf(state);
    if (current !== null && current.id !== currentOf(previous)?.id) {
      const snapshot = this.#snapshots.get(current.id);
      if (snapshot !== undefined) this.#watch?.serving(snapshot);
    }
    const live = new Set(liveInstances(state).map(({ id }) => id));
    for (const id of this.#snapshots.keys()) if (!live.has(id)) this.#snapshots.delete(id);
  }

  async close(): Promise<void> {
    await this.#watch?.close();
    this.#watch = null;
  }

  #arm(paths: readonly string[]): void {
    void this.#watch?.close();
    this.#snapshots.clear();
    this.#paths = paths;
    this.#watch = paths.length === 0 ? null : watchProgram({ paths, ...this.#events });
  }
}

function watchedPaths(service: ServiceConfig, { command, baseDir, cwd, env }: InstanceSpec): string[] {
  const searchPath = env['PATH'] ?? process.env['PATH'];
  return service.watch.flatMap((entry) => {
    if (typeof entry === 'string') return [entry];
    const file = programFile(command[0] ?? '', { baseDir, cwd, searchPath });
    return file === null ? [] : [file];
  });
}

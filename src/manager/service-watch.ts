/** Watches what a service's `watch` names, and tells the watcher which content serves. */
import path from 'node:path';
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
  #armedFor: ServiceConfig | null = null;
  /** The instance launched last: its folder and PATH say where the program is looked for. */
  #latest: InstanceSpec | null = null;

  constructor(events: WatchEvents) {
    this.#events = events;
  }

  /** Called right before a launch: remembers what the files are now. */
  launching(id: Id, service: ServiceConfig, instance: InstanceSpec): void {
    this.#latest = instance;
    if (service !== this.#armedFor) this.#arm(service);
    if (this.#watch !== null) this.#snapshots.set(id, this.#watch.snapshot());
  }

  /** Called after each event: tells the watcher when another instance serves. */
  follow(state: State, previous: State): void {
    const current = currentOf(state);
    if (current !== null && current.id !== currentOf(previous)?.id) {
      const snapshot = this.#snapshots.get(current.id);
      if (snapshot !== undefined) this.#watch?.serving(snapshot);
    }
    if (this.#snapshots.size === 0) return;
    const live = new Set(liveInstances(state).map(({ id }) => id));
    for (const id of this.#snapshots.keys()) if (!live.has(id)) this.#snapshots.delete(id);
  }

  async close(): Promise<void> {
    await this.#watch?.close();
    this.#watch = null;
  }

  /** Snapshots of another configuration's files say nothing about this one's. */
  #arm(service: ServiceConfig): void {
    void this.#watch?.close();
    this.#snapshots.clear();
    this.#armedFor = service;
    this.#watch =
      service.watch.length === 0
        ? null
        : watchProgram({ paths: () => watchedPaths(service, this.#latest), ...this.#events });
  }
}

/** A program that PATH does not have at this moment is looked for again at the next look. */
function watchedPaths(service: ServiceConfig, instance: InstanceSpec | null): string[] {
  return service.watch.map((entry) => {
    if (typeof entry === 'string') return entry;
    const word = instance?.command[0] ?? '';
    const searchPath = instance?.env['PATH'] ?? process.env['PATH'];
    const from = { baseDir: service.baseDir, cwd: instance?.cwd ?? service.cwd, searchPath };
    return programFile(word, from) ?? path.resolve(service.baseDir, word);
  });
}

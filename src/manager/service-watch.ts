/** Watches the files of a service's `watch`, and remembers which content serves. */
import path from 'node:path';
import type { InstanceSpec } from '../config/instance.ts';
import type { ServiceConfig } from '../config/types.ts';
import { programFile } from '../process/program.ts';
import { attemptOf, currentOf, liveInstances } from '../rotator/instances.ts';
import type { Id, Instance, State } from '../rotator/machine.ts';
import { watchProgram, type ProgramWatch, type Snapshot } from '../triggers/watch/watch.ts';

export interface WatchEvents {
  changed(): void;
  degraded(reason: string): void;
}

/** The watch on the paths of one configuration, and a snapshot of the files at each launch. */
interface Armed {
  /** Equal for two configurations that watch the same files. */
  readonly key: string;
  /** Null if nothing is watched. */
  readonly watch: ProgramWatch | null;
  readonly snapshots: Map<Id, Snapshot>;
  /** The instance launched last. The program is searched in its folder and its PATH. */
  latest: InstanceSpec;
}

export class ServiceWatch {
  readonly #events: WatchEvents;
  /** For the configuration in force. */
  #active: Armed | null = null;
  /** For a configuration that is rolled out and watches other paths. */
  #candidate: Armed | null = null;

  constructor(events: WatchEvents) {
    this.#events = events;
  }

  /** Call this right before a launch. Remembers the present content of the files. */
  launching(id: Id, service: ServiceConfig, instance: InstanceSpec): void {
    const armed = this.#armedFor(service, instance);
    armed.latest = instance;
    if (armed.watch !== null) armed.snapshots.set(id, armed.watch.snapshot());
  }

  /** Call this after each input. Updates which content serves, and which paths are watched. */
  follow(state: State, previous: State): void {
    const current = currentOf(state);
    if (current === null) this.#active?.watch?.nothingServes();
    else if (current.id !== currentOf(previous)?.id) this.#serves(current.id);
    if (attemptOf(state) === null) this.#settle(state.spec, current);
    const live = new Set(liveInstances(state).map(({ id }) => id));
    for (const armed of [this.#active, this.#candidate])
      for (const id of armed?.snapshots.keys() ?? []) if (!live.has(id)) armed?.snapshots.delete(id);
  }

  async close(): Promise<void> {
    const armed = [this.#active, this.#candidate];
    this.#active = null;
    this.#candidate = null;
    await Promise.all(armed.map(async (one) => await one?.watch?.close()));
  }

  #armedFor(service: ServiceConfig, instance: InstanceSpec): Armed {
    const key = keyOf(service);
    if (this.#active?.key === key) return this.#active;
    if (this.#candidate?.key === key) return this.#candidate;
    const armed = this.#arm(key, service, instance);
    if (this.#active === null) this.#active = armed;
    else {
      void this.#candidate?.watch?.close();
      this.#candidate = armed;
    }
    return armed;
  }

  #arm(key: string, service: ServiceConfig, latest: InstanceSpec): Armed {
    const armed: { -readonly [Key in keyof Armed]: Armed[Key] } = {
      key,
      watch: null,
      snapshots: new Map(),
      latest,
    };
    if (service.watch.length > 0)
      armed.watch = watchProgram({ paths: () => watchedPaths(service, armed.latest), ...this.#events });
    return armed;
  }

  #serves(id: Id): void {
    if (this.#candidate?.snapshots.has(id) === true) this.#promote(this.#candidate);
    const snapshot = this.#active?.snapshots.get(id);
    if (snapshot !== undefined) this.#active?.watch?.serving(snapshot);
  }

  #promote(armed: Armed): void {
    void this.#active?.watch?.close();
    this.#active = armed;
    this.#candidate = null;
  }

  /** No attempt is under way: the paths of the configuration in force are watched. */
  #settle(spec: ServiceConfig, current: Instance | null): void {
    if (this.#active === null) return;
    const key = keyOf(spec);
    if (this.#candidate?.key === key) this.#promote(this.#candidate);
    void this.#candidate?.watch?.close();
    this.#candidate = null;
    if (this.#active.key === key) return;
    // A reload has changed only `watch`: the present files count as the content that serves.
    this.#promote(this.#arm(key, spec, this.#active.latest));
    const snapshot = this.#active.watch?.snapshot();
    if (current === null || snapshot === undefined) return;
    this.#active.snapshots.set(current.id, snapshot);
    this.#active.watch?.serving(snapshot);
  }
}

function keyOf({ watch, command, baseDir, cwd, env }: ServiceConfig): string {
  return JSON.stringify([watch, command[0], baseDir, cwd, env['PATH']]);
}

/** The paths to watch. If PATH does not have the program now, the next call searches it again. */
function watchedPaths(service: ServiceConfig, instance: InstanceSpec): string[] {
  return service.watch.map((entry) => {
    if (typeof entry === 'string') return entry;
    const word = instance.command[0] ?? '';
    const searchPath = instance.env['PATH'] ?? process.env['PATH'];
    const from = { baseDir: service.baseDir, cwd: instance.cwd, searchPath };
    return programFile(word, from) ?? path.resolve(service.baseDir, word);
  });
}

/** Runs one machine per service, and what concerns all services: start, reload, shutdown. */
import { compareServices, settingsOf, sharesAnything, type Comparison } from '../config/compare.ts';
import type { LoadResult } from '../config/load.ts';
import type { Config, ServiceConfig } from '../config/types.ts';
import { endOrphan } from '../process/adopt.ts';
import type { Outputs } from '../output/output.ts';
import type { Orphan, Roster } from '../state/roster.ts';
import type { ManagerReport, Event } from '../api/event.ts';
import type { Answer, Millis } from '../rotator/machine.ts';
import type { FailedService, ReloadResult } from '../api/reload-result.ts';
import type { ServiceView } from '../rotator/view.ts';
import { endOf, isUncleanExit } from './end.ts';
import { holdSockets, AllSockets } from '../sockets/all-sockets.ts';
import { ServiceRunner } from './runner.ts';
import { ServiceEffectHandler } from './effect-handler.ts';

export interface ManagerOptions {
  readonly config: Config;
  /** The path of the control socket. Null if there is none. */
  readonly socket: string | null;
  readonly outputs: Outputs;
  now(): Millis;
  report(event: Event): void;
  /** Reads the configuration again. Null for the classic form, which has no file. */
  readonly load: (() => Promise<LoadResult>) | null;
  /** Turns each error of a refused configuration into text. */
  readonly describe: (refused: LoadResult & { ok: false }) => readonly string[];
}

interface Service {
  readonly runner: ServiceRunner;
  readonly handler: ServiceEffectHandler;
}

export class Manager {
  readonly #options: ManagerOptions;
  readonly #services = new Map<string, Service>();
  readonly #listening: AllSockets;
  /** The services that a reload removed and that are not gone yet. */
  readonly #leaving = new Map<string, Service & { readonly gone: Promise<void> }>();
  /** Resolves with the exit code when nothing runs any more. */
  readonly finished: Promise<number>;
  #finish: (code: number) => void = () => undefined;
  #config: Config;
  /** The list of instances for the next manager. Null if there is none. */
  #roster: Roster | null = null;
  #stopping = false;
  #rotateAtStart = false;
  /** Services of the configuration are still being added. */
  #adding = false;
  #reloading: Promise<unknown> = Promise.resolve();
  /** An instance exited by itself with another code than 0. */
  #uncleanExit = false;
  #ended = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#listening = new AllSockets((service, report) => {
      options.report({ at: options.now(), service, ...report });
    });
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** The services in the order of the configuration. */
  get views(): readonly ServiceView[] {
    return this.#config.services.flatMap(({ name }) => this.#services.get(name)?.runner.view ?? []);
  }

  get names(): readonly string[] {
    return this.views.map(({ name }) => name);
  }

  runner(name: string): ServiceRunner | undefined {
    return this.#services.get(name)?.runner;
  }

  /**
   * Opens every listening socket, then starts every service. `orphans`: the instances that a killed manager left
   * behind. `roster: null`: there is no list of instances.
   * @returns why sockets cannot be opened, one line per socket. If there is one, no service is started
   */
  start(roster: Roster | null, orphans: readonly Orphan[]): Promise<readonly string[]> {
    this.#roster = roster;
    const starting = this.#start(orphans);
    // A reload that is requested meanwhile waits for the start.
    this.#reloading = starting;
    return starting;
  }

  async #start(orphans: readonly Orphan[]): Promise<readonly string[]> {
    const { services, path } = this.#config;
    const inTheWay = new Set(holdSockets(orphans, services));
    await Promise.all([...inTheWay].map(({ pid }) => endOrphan(pid)));
    const problems = await this.#listening.open(services);
    if (this.#isStopping()) this.#listening.keepOnly(new Set());
    if (problems.length > 0 || this.#isStopping()) return problems;
    this.#report({ type: 'manager-started', pid: process.pid, services: services.length, config: path });
    const others = orphans.filter((orphan) => !inTheWay.has(orphan));
    // A launch may fail at once. The manager has not ended before the last service is there.
    this.#adding = true;
    for (const spec of services) void this.#add(spec, others);
    this.#adding = false;
    this.#settled();
    for (const { service, pid } of others) if (!this.#services.has(service)) void endOrphan(pid);
    if (this.#rotateAtStart) this.rotateAll();
    return [];
  }

  /** Rotates every service that takes part. Services that are stopped refuse. */
  rotateAll(): void {
    // If no service is started yet, the sockets are still being opened.
    this.#rotateAtStart = this.#services.size === 0;
    for (const { runner } of this.#services.values()) void runner.rotateAmongAll();
  }

  reopenOutputs(): void {
    this.#options.outputs.reopen();
    this.#report({ type: 'output-reopened' });
  }

  /** Stops every service, then resolves `finished`. A second call kills the remaining instances. */
  shutdown(reason: string): void {
    if (this.#stopping) {
      for (const { runner } of this.#all) runner.kill();
      return;
    }
    this.#stopping = true;
    this.#report({ type: 'manager-stopping', reason });
    for (const { runner } of this.#services.values()) void runner.request('stopRequested');
    this.#settled();
  }

  /**
   * Reads the configuration again. A reload during a reload waits, then reads once more. The result does not wait for
   * the roll-outs. A reload during a roll-out leads to one more roll-out.
   */
  reload(): Promise<ReloadResult> {
    const reloading = this.#reloading.then(() => this.#reload());
    // If a reload throws (a bug), its caller gets the error. The next reload still runs.
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  async #reload(): Promise<ReloadResult> {
    if (this.#options.load === null)
      return { ok: false, errors: ['the classic form has no configuration to read'] };
    const loaded = await this.#options.load();
    const services = loaded.ok ? loaded.config.services : [];
    // A stopped service opens its sockets when it is started.
    const listening = services.filter(({ name }) => this.runner(name)?.phase !== 'stopped');
    const errors = loaded.ok ? await this.#listening.open(listening) : this.#options.describe(loaded);
    if (this.#isStopping()) return { ok: false, errors: ['the manager is stopping'] };
    if (!loaded.ok || errors.length > 0) {
      this.#report({ type: 'reload-refused', errors });
      return { ok: false, errors };
    }
    // Compared with what each service should run: a configuration that failed counts as changed, and is tried again.
    const before = this.#config.services.map((spec) => this.runner(spec.name)?.wantedSpec ?? spec);
    const comparison = compareServices(before, services);
    this.#config = loaded.config;
    this.#listening.keepOnly(new Set(services.map(({ name }) => name)));
    this.#report({ type: 'config-reloaded', ...comparison });
    for (const name of comparison.removed) this.#remove(name);
    const answers = services.map(async (spec) => ({
      service: spec.name,
      answer: await this.#bringTo(spec, comparison),
    }));
    return { ok: true, ...comparison, failed: Promise.all(answers).then(failuresOf) };
  }

  async #bringTo(spec: ServiceConfig, { changed, applied }: Comparison): Promise<Answer | null> {
    const runner = this.runner(spec.name);
    if (runner === undefined) return await this.#add(spec);
    if (changed.includes(spec.name)) return await runner.rollOut(spec);
    // After a failed configuration, the file may be back to the one that serves.
    if (applied.includes(spec.name) || runner.rollOutFailed) await runner.apply(settingsOf(spec));
    return runner.phase === 'failed' ? await runner.request('startRequested') : null;
  }

  /** @returns the answer to the start. Null if a later reload or the shutdown came first */
  async #add(spec: ServiceConfig, orphans: readonly Orphan[] = []): Promise<Answer | null> {
    const inTheWay = [...this.#leaving.values()].filter(({ runner }) => sharesAnything(runner.spec, spec));
    if (inTheWay.length > 0) {
      await Promise.all(inTheWay.map(({ gone }) => gone));
      const stillWanted = !this.#stopping && this.#config.services.includes(spec);
      return stillWanted ? await this.#add(spec) : null;
    }
    const { outputs, socket } = this.#options;
    const handler: ServiceEffectHandler = new ServiceEffectHandler({
      service: spec.name,
      sockets: this.#listening.of(spec.name),
      manager: { config: this.#config.path, socket },
      outputs,
      now: () => this.#options.now(),
      report: (event) => {
        this.#reportOf(event);
      },
      programChanged() {
        // A stopped service uses the new program when it is started.
        if (runner.phase !== 'stopped' && runner.phase !== 'stopping')
          void runner.request('rotationRequested');
      },
      list: (instances) => {
        this.#roster?.update(spec.name, instances);
      },
      settled: () => {
        this.#settled();
      },
    });
    const runner = new ServiceRunner(spec, handler);
    this.#services.set(spec.name, { runner, handler });
    for (const orphan of orphans) if (orphan.service === spec.name) runner.orphanFound(orphan);
    return await runner.request(runner.phase === 'running' ? 'rotationRequested' : 'startRequested');
  }

  #remove(name: string): void {
    const service = this.#services.get(name);
    if (service === undefined) return;
    this.#services.delete(name);
    this.#listening.forget(name);
    const gone = service.runner.request('stopRequested').then(async () => {
      await service.handler.close();
      this.#leaving.delete(name);
      this.#settled();
    });
    this.#leaving.set(name, { ...service, gone });
  }

  /** Every service that may still have processes, including those that a reload removed. */
  get #all(): readonly Service[] {
    return [...this.#services.values(), ...this.#leaving.values()];
  }

  #settled(): void {
    if (this.#ended || this.#adding) return;
    const end = endOf({
      stopping: this.#stopping,
      classic: this.#config.path === null,
      uncleanExit: this.#uncleanExit,
      services: this.#all.map(({ runner }) => runner),
    });
    if (end === null) return;
    this.#ended = true;
    if (end.reason !== null) this.#report({ type: 'manager-stopping', reason: end.reason });
    void Promise.all(this.#all.map(({ handler }) => handler.close())).then(() => {
      this.#report({ type: 'manager-stopped' });
      this.#finish(end.code);
    });
  }

  // A method, because TypeScript assumes that a property does not change during an await.
  #isStopping(): boolean {
    return this.#stopping;
  }

  #report(report: ManagerReport): void {
    this.#options.report({ at: this.#options.now(), service: null, ...report });
  }

  #reportOf(event: Event): void {
    this.#uncleanExit ||= isUncleanExit(event);
    this.#options.report(event);
  }
}

/** The services whose start or roll-out failed. A request that a stop refused is not a failure. */
function failuresOf(
  answers: readonly { readonly service: string; readonly answer: Answer | null }[],
): readonly FailedService[] {
  return answers.flatMap(({ service, answer }) => {
    if (answer?.type === 'failed') return [{ service, reason: answer.reason }];
    if (answer?.type !== 'rotated' || answer.result.outcome === 'completed') return [];
    return [{ service, reason: answer.result.reason ?? 'no reason given' }];
  });
}

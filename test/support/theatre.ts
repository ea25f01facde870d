import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { RawConfig, RawService } from '../../src/config/schema/generated/raw.ts';
import { ask, followEvents } from '../../src/control/client.ts';
import type { Event } from '../../src/api/event.ts';
import type { ServiceStatus } from '../../src/api/status-document.ts';
import {
  Alternate,
  runAlternate,
  temporaryFolder,
  writeConfig,
  type Ended,
  type RunOptions,
} from './alternate.ts';
import { Stage, type Puppet } from './stage.ts';
import { forgetExplanations, until } from './until.ts';

type Services = Readonly<Record<string, RawService>>;
/** An event as it goes over the wire: its time is ISO 8601. */
export type WireEvent = Omit<Event, 'at'> & { readonly at: string };

/** What `rotate?wait=true` answers. */
export interface Outcome {
  readonly outcome: 'completed' | 'failed';
  readonly from: string | null;
  readonly to: string | null;
  readonly reason?: string;
}

/** Everything that one test needs: a folder, a stage for puppets, and one manager. All of it goes when the test ends. */
export class Theatre {
  readonly folder: string;
  readonly stage: Stage;
  readonly events: WireEvent[] = [];
  #alternate: Alternate | null = null;

  private constructor(folder: string, stage: Stage) {
    this.folder = folder;
    this.stage = stage;
  }

  static async open(): Promise<Theatre> {
    const folder = temporaryFolder();
    const stage = await Stage.open(folder.path);
    const theatre = new Theatre(folder.path, stage);
    onTestFinished(async () => {
      // First the puppets, so that none of those that ignore a stop signal is waited for.
      await stage.close();
      await theatre.#alternate?.discard();
      folder.remove();
      forgetExplanations();
    });
    return theatre;
  }

  /** One whose manager runs these services already. */
  static async started(services: Services): Promise<Theatre> {
    const theatre = await Theatre.open();
    theatre.start(services);
    for (const name of Object.keys(services)) await theatre.running(name);
    return theatre;
  }

  /** The control socket's path. */
  get socket(): string {
    return path.join(this.folder, 'control.sock');
  }

  get alternate(): Alternate {
    if (this.#alternate === null) throw new Error('no manager has been started');
    return this.#alternate;
  }

  /** Starts the manager with these services, in the theatre's folder. An overlap is short unless a service says otherwise. */
  start(services: Services | string, options: Partial<RunOptions> = {}): Alternate {
    this.configure(services);
    return this.#run(['--log-level', 'debug'], options);
  }

  /** Starts the classic form. */
  startClassic(...words: string[]): Alternate {
    return this.#run(words, {});
  }

  /** Runs the classic form to its end. */
  async runClassic(...words: string[]): Promise<Ended> {
    return await runAlternate(words, { cwd: this.folder, env: this.#env });
  }

  /** Writes the configuration, which may be a text without `control`; for a manager that runs, a reload makes it count. */
  configure(services: Services | string): void {
    if (typeof services === 'string') {
      writeConfig(this.folder, `control: { socket: control.sock }\n${services}`);
      return;
    }
    const config: RawConfig = {
      control: { socket: 'control.sock' },
      defaults: { overlap: '50ms' },
      services,
    };
    // Every JSON text is YAML.
    writeConfig(this.folder, JSON.stringify(config, null, 2));
  }

  /** Writes a file into the folder and returns its path. */
  write(name: string, text: string, mode = 0o644): string {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  }

  read(name: string): string {
    return readFileSync(path.join(this.folder, name), 'utf8');
  }

  /** For instances of another user: the folder can be entered, and the stage connected to. */
  openToEverybody(): void {
    chmodSync(this.folder, 0o755);
    chmodSync(this.stage.socket, 0o777);
  }

  /** A program in shell; returns its path. */
  script(name: string, text: string): string {
    return this.write(name, `#!/bin/sh\n${text}\n`, 0o755);
  }

  /** A request on the control socket. */
  async ask(method: 'GET' | 'POST', target: string): Promise<{ status: number; body: unknown }> {
    return await until(`an answer to ${method} ${target}`, async () => {
      const answer = await ask(this.socket, method, target);
      if (!answer.ok && this.alternate.child.exitCode !== null)
        throw new Error(`the manager has ended\n${this.alternate.stderr}`);
      return answer.ok ? answer : null;
    });
  }

  /** A service's part of the status, as soon as it looks as wanted. */
  async service(
    name: string,
    wanted: (service: ServiceStatus) => boolean = () => true,
  ): Promise<ServiceStatus> {
    return await until(`service ${name} as in ${String(wanted)}`, async () => {
      const service = (await this.ask('GET', `/v1/services/${name}`)).body as ServiceStatus;
      return wanted(service) ? service : null;
    });
  }

  async running(name: string): Promise<ServiceStatus> {
    return await this.service(name, ({ state }) => state === 'running');
  }

  /** Rotates a service and waits for the outcome. */
  async rotate(name: string): Promise<Outcome> {
    return (await this.ask('POST', `/v1/services/${name}/rotate?wait=true`)).body as Outcome;
  }

  /** Begins to collect events; resolves once the manager sends them. */
  async followEvents(): Promise<void> {
    await this.ask('GET', '/v1/status');
    const following = new AbortController();
    onTestFinished(() => {
      following.abort();
    });
    await new Promise<void>((opened) => {
      void followEvents(
        this.socket,
        (json) => this.events.push(JSON.parse(json) as WireEvent),
        opened,
        following.signal,
      );
    });
  }

  /** The first event of a type that was collected. */
  async event<T extends Event['type']>(
    type: T,
    count = 1,
  ): Promise<Omit<Extract<Event, { type: T }>, 'at'> & { at: string }> {
    const found = await until(
      `event ${type} (${count})`,
      () => this.events.filter((event) => event.type === type)[count - 1],
    );
    return found as unknown as Omit<Extract<Event, { type: T }>, 'at'> & { at: string };
  }

  /** Something that instances or hooks have written. */
  async logged(what: RegExp | string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    await until(`${String(what)} on ${stream}`, () => {
      const text = this.alternate[stream];
      return typeof what === 'string' ? text.includes(what) : what.test(text);
    });
  }

  async puppet(name: string, count = 1): Promise<Puppet> {
    return await this.stage.puppet(name, count);
  }

  #run(words: readonly string[], options: Partial<RunOptions>): Alternate {
    const env = { ...this.#env, ...options.env };
    this.#alternate = new Alternate(words, { cwd: this.folder, ...options, env });
    return this.#alternate;
  }

  get #env(): Record<string, string> {
    return { PUPPET_STAGE: this.stage.socket };
  }
}

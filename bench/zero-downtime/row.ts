// One row of the table: a proxy or none, a manager with its service, a load, and what happens meanwhile.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePorts, now, pause, statusOf, until, type Bed, type Running } from './bed.ts';
import { exportPieces } from './export-pieces.ts';
import { behindProxy, configureManager, onItsSocket, startManager, type Manager } from './manager.ts';
import { proxies, type Proxy } from './proxies/index.ts';
import { WITHOUT_PROXY, type Outcome, type Release, type Row } from './rows.ts';
import { measureLatency, type Window } from './samples.ts';
import type { Result } from './table.ts';
import { startLoad } from './workloads.ts';

/** Where and with what one row is run. */
interface Place {
  readonly bed: Bed;
  readonly row: Row;
  readonly folder: string;
  readonly routes: string;
  /** For clients; `ports` are those of the instances. */
  readonly port: number;
  readonly ports: readonly number[];
  /** Of HAProxy's runtime API. */
  readonly socket: string;
}

interface Stage extends Place {
  readonly manager: Manager;
  readonly proxy: RunningProxy | null;
}

/** A proxy that can be started again: `running` is then another process. */
interface RunningProxy {
  running: Running;
  readonly start: () => Running;
}

interface Length {
  readonly steadyMs: number;
  readonly rotations: number;
}

/** Does something, and counts the time that it takes as one of the windows. */
type Meanwhile = (act: () => Promise<Outcome>) => Promise<void>;
type Incident = (stage: Stage, meanwhile: Meanwhile, rotations: number) => Promise<void>;

let number = 0;

/** Runs it and gives what each of its loads found. Throws where a program cannot be started. */
export async function runRow(
  row: Row,
  { bed, bin, ...length }: Length & { readonly bed: Bed; readonly bin: string },
): Promise<Result[]> {
  const folder = path.join(bed.folder, String(++number));
  const routes = path.join(folder, 'route');
  for (const made of [folder, routes]) {
    mkdirSync(made);
    chmodSync(made, 0o755);
  }
  const [port, ...ports] = await freePorts();
  const place: Place = { bed, folder, routes, port, ports, socket: path.join(folder, 'h.sock'), row };
  installRelease(place, '');
  const configured = configureManager({
    folder,
    ...serverOf(place),
    part: partOf(place),
    watched: row.driven === 'watcher',
  });
  const proxy =
    row.proxy === WITHOUT_PROXY ? null : startProxy(place, proxies[row.proxy], bin, configured.config);
  const manager = await startManager({ bed, folder, bin, ...configured });
  try {
    await until('an answer', async () => (await statusOf(port)) === 200);
    return await underLoad({ ...place, manager, proxy }, length);
  } catch (error) {
    const ends = `proxy: ${proxy?.running.log().slice(-2_000) ?? 'none'}\nmanager: ${manager.running.log().slice(-2_000)}`;
    if (error instanceof Error) error.message += `\n${ends}`;
    throw error;
  } finally {
    await bed.stop(manager.running);
    if (proxy !== null) await bed.stop(proxy.running);
  }
}

function startProxy(place: Place, proxy: Proxy, bin: string, config: string): RunningProxy {
  const { bed, folder } = place;
  const piece = exportPieces({ folder, pieces: proxy.pieces, bin, config });
  const start = () =>
    bed.start(proxy.program, proxy.configure({ ...place, piece }), { log: path.join(folder, 'proxy.log') });
  return { running: start(), start };
}

function partOf({ row, routes, socket, port, ports }: Place) {
  const readyTimeout = row.release === 'listens-late' ? '10s' : '2s';
  if (row.proxy === WITHOUT_PROXY) return onItsSocket({ port, ready: row.ready, readyTimeout });
  const route =
    proxies[row.proxy].route === 'files'
      ? { files: routes }
      : { haproxy: { socket, backend: 'api', server: 'api-%alt' } };
  return behindProxy({ ports, route, readyTimeout });
}

/** The server's program is the row's own copy, so that it can be replaced; its faults are in a file beside it. */
function serverOf({ bed, folder, row }: Place) {
  const native = row.server === 'c';
  const program = path.join(folder, native ? 'server' : 'server.mjs');
  copyFileSync(native ? bed.server : path.join(import.meta.dirname, 'server.mjs'), program);
  const words = [
    ...(native ? [] : [process.execPath]),
    program,
    '--stop',
    row.stop,
    '--release',
    path.join(folder, 'release'),
    ...(row.proxy === WITHOUT_PROXY ? ['--fd', '3'] : ['--port', '%alt']),
  ];
  return { program, words };
}

function installRelease({ folder }: Place, fault: Release | ''): void {
  writeFileSync(path.join(folder, 'release'), fault);
}

async function underLoad(stage: Stage, { steadyMs, rotations }: Length): Promise<Result[]> {
  const { bed, row } = stage;
  const loads = row.workloads.map((workload) => startLoad(stage, workload));
  await pause(steadyMs + 500);
  const windows: Window[] = [];
  const outcomes: Outcome[] = [];
  const meanwhile: Meanwhile = async (act) => {
    const from = now();
    outcomes.push(await act());
    windows.push([from, now()]);
    await pause(row.pauseMs ?? 0);
  };
  await incidents[row.release ?? row.incident ?? 'none'](stage, meanwhile, rotations);
  await pause(steadyMs);
  await Promise.all(loads.map(({ running }) => bed.stop(running)));
  const rotationMs = windows.map(([from, to]) => Math.round(to - from));
  return loads.map(({ workload, samples, account }) => {
    const found = account();
    const latency = measureLatency(samples, Number(found.beganNs) / 1e6, windows);
    return { ...row, workload, outcomes, rotationMs, ...found, latency };
  });
}

/** A release with a fault, as often as given, then a good one. */
function release(fault: Release, times: number): Incident {
  return async (stage, meanwhile) => {
    installRelease(stage, fault);
    for (let i = 0; i < times; i++) await meanwhile(() => stage.manager.rotate(stage.row.driven));
    installRelease(stage, '');
    await meanwhile(() => stage.manager.rotate(stage.row.driven));
  };
}

/** What happens while the load runs. */
const incidents: Readonly<Record<Release | NonNullable<Row['incident']> | 'none', Incident>> = {
  async none({ manager, row }, meanwhile, rotations) {
    for (let i = 0; i < rotations; i++) await meanwhile(() => manager.rotate(row.driven));
  },
  exits: release('exits', 3),
  'never-listens': release('never-listens', 2),
  'listens-late': release('listens-late', 1),
  sick: release('sick', 2),
  dies: release('dies', 3),
  hangs: release('hangs', 2),
  /** The only instance is killed; the manager starts it again. */
  async crash({ manager, row }, meanwhile) {
    for (let i = 0; i < (row.times ?? 0); i++) {
      const pid = (await manager.view()).current?.pid;
      if (pid === undefined) throw new Error('no instance serves');
      await meanwhile(async () => {
        process.kill(pid, 'SIGKILL');
        await until('another instance', async () => {
          const { current } = await manager.view();
          return current !== null && current.pid !== pid && current.state === 'ready';
        });
        return 'restarted';
      });
      await pause(1_000);
    }
  },
  /** The proxy is killed and started again, and has lost what it was told. */
  async 'proxy-restart'(stage, meanwhile) {
    const { proxy } = stage;
    if (proxy === null) throw new Error('there is no proxy');
    await meanwhile(() => stage.manager.rotate(stage.row.driven));
    await meanwhile(async () => {
      await stage.bed.stop(proxy.running);
      proxy.running = proxy.start();
      await until('an answer through the proxy', async () => (await statusOf(stage.port)) === 200);
      return 'restarted';
    });
    await pause(3_000);
    for (let i = 0; i < 4; i++) await meanwhile(() => stage.manager.rotate(stage.row.driven));
  },
};

// One row of the table: a proxy or none, a manager with its service, a load, and what happens meanwhile.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePorts, now, pause, statusOf, until } from './bed.mjs';
import { exportPieces } from './export-pieces.mjs';
import { behindProxy, configureManager, onItsSocket, startManager } from './manager.mjs';
import { proxies } from './proxies/index.mjs';
import { WITHOUT_PROXY } from './rows.mjs';
import { measureLatency } from './samples.mjs';
import { startLoad } from './workloads.mjs';

let number = 0;

/** Runs it and gives what each of its loads found. Throws where a program cannot be started. */
export async function runRow(row, { bed, bin, steadyMs, rotations }) {
  const folder = path.join(bed.folder, String(++number));
  const routes = path.join(folder, 'route');
  for (const made of [folder, routes]) {
    mkdirSync(made);
    chmodSync(made, 0o755);
  }
  const [port, ...ports] = await freePorts(3);
  const stage = { bed, folder, routes, port, ports, socket: path.join(folder, 'h.sock'), row };
  installRelease(stage, '');
  const configured = configureManager({
    ...stage,
    ...serverOf(stage),
    part: partOf(stage),
    watched: row.driven === 'watcher',
  });
  if (row.proxy !== WITHOUT_PROXY) {
    stage.pieces = exportPieces({
      folder,
      pieces: proxies[row.proxy].pieces,
      bin,
      config: configured.config,
    });
    startProxy(stage);
  }
  stage.manager = await startManager({ bed, folder, bin, ...configured });
  try {
    await until('an answer', async () => (await statusOf(port)) === 200);
    return await underLoad(stage, { steadyMs, rotations });
  } catch (error) {
    error.message += `\nproxy: ${stage.proxy?.log().slice(-2_000)}\nmanager: ${stage.manager.child.log().slice(-2_000)}`;
    throw error;
  } finally {
    await bed.stop(stage.manager.child);
    if (stage.proxy !== undefined) await bed.stop(stage.proxy);
  }
}

function startProxy(stage) {
  const { program, configure } = proxies[stage.row.proxy];
  stage.proxy = stage.bed.start(program, configure(stage), { log: path.join(stage.folder, 'proxy.log') });
}

function partOf({ row, routes, socket, port, ports }) {
  const readyTimeout = row.release === 'listens-late' ? '10s' : '2s';
  if (row.proxy === WITHOUT_PROXY) return onItsSocket({ port, ready: row.ready, readyTimeout });
  const route =
    proxies[row.proxy].route === 'files'
      ? { files: routes }
      : { haproxy: { socket, backend: 'api', server: 'api-%alt' } };
  return behindProxy({ ports, route, readyTimeout });
}

/** The server's program is the row's own copy, so that it can be replaced; its faults are in a file beside it. */
function serverOf({ bed, folder, row }) {
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

function installRelease({ folder }, fault) {
  writeFileSync(path.join(folder, 'release'), fault);
}

async function underLoad(stage, { steadyMs, rotations }) {
  const { bed, row } = stage;
  const loads = row.workloads.map((workload) => startLoad(stage, workload));
  await pause(steadyMs + 500);
  const windows = [];
  const outcomes = [];
  const meanwhile = async (act) => {
    const from = now();
    outcomes.push(await act());
    windows.push([from, now()]);
    await pause(row.pauseMs ?? 0);
  };
  await incidents[row.release ?? row.incident ?? 'none'](stage, meanwhile, rotations);
  await pause(steadyMs);
  await Promise.all(loads.map(({ child }) => bed.stop(child)));
  const rotationMs = windows.map(([from, to]) => Math.round(to - from));
  return loads.map(({ workload, samples, account }) => {
    const found = account();
    const latency = measureLatency(samples, Number(found.beganNs) / 1e6, windows);
    return { ...row, workload, outcomes, rotationMs, ...found, latency };
  });
}

/** A release with a fault, as often as given, then a good one. */
function release(fault, times) {
  return async (stage, meanwhile) => {
    installRelease(stage, fault);
    for (let i = 0; i < times; i++) await meanwhile(() => stage.manager.rotate(stage.row.driven));
    installRelease(stage, '');
    await meanwhile(() => stage.manager.rotate(stage.row.driven));
  };
}

/** What happens while the load runs. */
const incidents = {
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
    for (let i = 0; i < row.times; i++) {
      const { pid } = (await manager.view()).current;
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
    await meanwhile(() => stage.manager.rotate(stage.row.driven));
    await meanwhile(async () => {
      await stage.bed.stop(stage.proxy);
      startProxy(stage);
      await until('an answer through the proxy', async () => (await statusOf(stage.port)) === 200);
      return 'restarted';
    });
    await pause(3_000);
    for (let i = 0; i < 4; i++) await meanwhile(() => stage.manager.rotate(stage.row.driven));
  },
};

#!/usr/bin/env -S npx tsx
// The same servers and the same load under other programs, and under this one's classic form; each is upgraded five times.
// Usage: npx tsx bench/zero-downtime/peers.ts [--only pm2,classic] [--json FILE] [--bin PATH]
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts, now, openBed, pause, statusOf, until } from './bed.ts';
import type { Peer } from './peers/peer.ts';
import { measureLatency, type Window } from './samples.ts';
import { peerTable, type PeerResult } from './table.ts';
import { startLoad } from './workloads.ts';

const UPGRADES = 5;
const NAMES = [
  'alternate',
  'listen',
  'classic',
  'classic-longer',
  'server-starter',
  'server-starter-lingers',
  'supervisord',
  'pm2',
];

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'string' }, bin: { type: 'string' } },
});
const bin = flags.bin ?? path.resolve(import.meta.dirname, '../../bin/alternate');
const bed = openBed();
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => bed.close());

const rows: PeerResult[] = [];
for (const short of flags.only?.split(',') ?? NAMES) {
  const peer = (await import(`./peers/${short}.ts`)) as Peer;
  const missing = peer.needs.find((program) => spawnSync('which', [program]).status !== 0);
  if (missing !== undefined) {
    console.error(`${peer.name}: left out, ${missing} is not installed`);
    continue;
  }
  try {
    for (const row of await measure(short, peer)) {
      rows.push(row);
      console.error(`${row.peer}, ${row.workload}: ${row.failed} of ${row.requests} failed`);
    }
  } catch (error) {
    console.error(`${peer.name}: left out, ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(peerTable(rows));
if (flags.json !== undefined)
  writeFileSync(flags.json, JSON.stringify({ at: new Date().toISOString(), rows }, null, 1));

async function measure(short: string, peer: Peer): Promise<PeerResult[]> {
  const folder = path.join(bed.folder, short);
  mkdirSync(folder);
  const [port, ...ports] = await freePorts();
  const started = await peer.start({ bed, folder, port, ports, bin });
  try {
    await until('an answer', async () => (await statusOf(port)) === 200);
    const loads = (['2000 gets/s', '2000 posts/s'] as const).map((workload) =>
      startLoad({ bed, folder, port }, workload),
    );
    await pause(2_500);
    const windows: Window[] = [];
    for (let i = 0; i < UPGRADES; i++) {
      const from = now();
      await started.upgrade();
      windows.push([from, now()]);
      await pause(500);
    }
    await pause(1_000);
    await Promise.all(loads.map(({ running }) => bed.stop(running)));
    return loads.map(({ workload, samples, account }) => {
      const found = account();
      const latency = measureLatency(samples, Number(found.beganNs) / 1e6, windows);
      return { peer: peer.name, upgrades: UPGRADES, workload, ...found, latency };
    });
  } finally {
    await started.stop();
  }
}

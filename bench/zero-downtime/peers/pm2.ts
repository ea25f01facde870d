import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Stage, Started } from './peer.ts';

export const name = 'PM2 reload, cluster of 2';
export const needs = ['npm'];

/** Installed for the run: its daemon is in a folder of the run's own, and is killed with it. */
export async function start({ folder, port }: Stage): Promise<Started> {
  const words = ['install', '--silent', '--no-fund', '--no-audit', '--prefix', folder, 'pm2@7'];
  execFileSync('npm', words, { stdio: ['ignore', 2, 2] });
  const file = path.join(folder, 'ecosystem.config.cjs');
  const api = {
    name: 'api',
    script: path.resolve(import.meta.dirname, '../server.mjs'),
    args: `--port ${port} --stop close`,
    exec_mode: 'cluster',
    instances: 2,
    wait_ready: true,
    kill_timeout: 5_000,
  };
  writeFileSync(file, `module.exports = ${JSON.stringify({ apps: [api] })};\n`);
  const env = { ...process.env, PM2_HOME: path.join(folder, 'home') };
  const pm2 = (...words: string[]) =>
    promisify(execFile)(path.join(folder, 'node_modules/.bin/pm2'), words, { env });
  await pm2('start', file);
  return {
    upgrade: () => pm2('reload', 'api'),
    stop: () => pm2('kill'),
  };
}

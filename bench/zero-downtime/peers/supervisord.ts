import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Stage, Started } from './peer.ts';

export const name = 'supervisord restart';
export const needs = ['supervisord', 'supervisorctl'];

export function start({ bed, folder, port }: Stage): Started {
  const file = path.join(folder, 'supervisord.conf');
  writeFileSync(
    file,
    `[unix_http_server]
file=${folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/s.sock
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=${folder}/s.pid
[program:api]
command=${bed.server} --stop close --port ${port}
startsecs=0
`,
  );
  const running = bed.start('supervisord', ['-c', file], { log: path.join(folder, 'log') });
  return {
    upgrade: () => promisify(execFile)('supervisorctl', ['-c', file, 'restart', 'api']),
    stop: () => bed.stop(running),
  };
}

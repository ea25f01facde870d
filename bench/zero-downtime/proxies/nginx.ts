import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProxyPlace } from './index.ts';

export const program = 'nginx';
export const versionWords = ['-v'];
export const route = 'files' as const;
/** The pieces to export, each in a file named after its key. */
export const pieces = { http: ['nginx', '--part', 'http'], location: ['nginx', '--part', 'location', 'api'] };

/** Writes a configuration that nginx can be started with as any user; `inside` is what `http {}` has beside the usual. */
export function writeFrame(folder: string, logLevel: string, inside: string): string {
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
worker_processes 2;
pid ${folder}/nginx.pid;
error_log stderr ${logLevel};
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path ${folder}/nginx-body;
  proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi;
  uwsgi_temp_path ${folder}/nginx-uwsgi;
  scgi_temp_path ${folder}/nginx-scgi;
${inside}}
`,
  );
  return file;
}

/** Writes a configuration around the exported pieces, and gives the words that start the program in the foreground. */
export function configure({ folder, port, piece }: Pick<ProxyPlace, 'folder' | 'port' | 'piece'>): string[] {
  const file = writeFrame(
    folder,
    'warn',
    `  include ${piece('http')};
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { include ${piece('location')}; }
  }
`,
  );
  return ['-p', folder, '-e', 'stderr', '-c', file];
}

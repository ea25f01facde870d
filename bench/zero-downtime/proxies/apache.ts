import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProxyPlace } from './index.ts';

export const program = existsSync('/usr/sbin/apache2') ? '/usr/sbin/apache2' : 'httpd';
export const versionWords = ['-v'];
export const route = 'files' as const;
export const pieces = { host: ['apache', 'api'] };

const modules = existsSync('/usr/lib/apache2/modules') ? '/usr/lib/apache2/modules' : 'modules';

export function configure({ folder, port, piece }: Pick<ProxyPlace, 'folder' | 'port' | 'piece'>): string[] {
  const file = path.join(folder, 'apache.conf');
  const loaded = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'rewrite'].map(
    (name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`,
  );
  writeFileSync(
    file,
    `ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ServerName localhost
Listen 127.0.0.1:${port}
${loaded.join('\n')}
${process.getuid?.() === 0 ? 'User nobody\nGroup nogroup' : ''}
ErrorLog /dev/stderr
ListenBacklog 4096
# A thread for each connection that is busy, and no child that comes or goes: whose workers are all busy, and who stops a
# child, closes clients' idle connections, rotation or not.
ServerLimit 2
StartServers 2
ThreadLimit 256
ThreadsPerChild 256
MaxRequestWorkers 512
MaxSpareThreads 512
DocumentRoot ${folder}
<VirtualHost *:${port}>
  Include ${piece('host')}
</VirtualHost>
`,
  );
  return ['-f', file, '-D', 'FOREGROUND'];
}

/** Prints a program section of supervisord for the manager; http://supervisord.org/configuration.html. */
import path from 'node:path';
import type { Config } from '../config/types.ts';
import { madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { searchPath, stopSeconds, type Program } from './managed.ts';

/** After a space, it begins a comment. */
const SPECIAL = /;/;
/** stopwaitsecs has no value for "never". */
const A_DAY = 86_400;

export function exportSupervisord(config: Config, program: Program, origin: Origin): Exported {
  for (const text of [program.alternate, program.nodeFolder, origin.config]) {
    const refusal = notWritable('the path', text, SPECIAL);
    if (refusal !== null) return refusal;
  }
  const text = `${madeBy(origin).replace(/^#/gm, ';')}; Save it as /etc/supervisor/conf.d/alternate.conf, then run: supervisorctl update
; Rotate with alternate, or with watched files. supervisorctl restart causes downtime.
[program:alternate]
command=${word(program.alternate)} --config ${word(origin.config)} run
directory=${percents(path.dirname(origin.config))}
; The folder of this node comes first: alternate and services in Node.js need it.
environment=PATH=${word(searchPath(program))}
; The user for the manager and its services. If the manager runs as root, each service can have its own user.
;user=www-data
autostart=true
; Restart after any exit code. If the manager ends within startsecs (exit code 2: wrong configuration), supervisord gives
; up after three tries.
autorestart=true
startsecs=1
startretries=3
; Only the manager gets the signal, and stops the services in order. Each instance has its own process group, which
; stopasgroup and killasgroup would not reach.
stopsignal=TERM
stopasgroup=false
killasgroup=false
; The longest stop.timeout, plus a margin. An earlier KILL would leave services behind.
stopwaitsecs=${stopSeconds(config) ?? A_DAY}
; The output of services is on stdout, the manager's messages are on stderr. A service with output: { file: … } writes to
; its own file. With stdout_logfile=/dev/stdout, set stdout_logfile_maxbytes=0.
redirect_stderr=true
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=10
`;
  return { ok: true, text };
}

/** supervisord replaces \`%(ENV_X)s\`; a doubled sign stands for one. */
function percents(text: string): string {
  return text.replaceAll('%', '%%');
}

/** One word. Quotes and backslashes have been refused. */
function word(text: string): string {
  return `"${percents(text)}"`;
}

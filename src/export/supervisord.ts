/** A program section of supervisord for the manager; http://supervisord.org/configuration.html. */
import path from 'node:path';
import type { Config } from '../config/types.ts';
import { madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { searchPath, stopSeconds, type Program } from './managed.ts';

/** After a space it begins a comment. */
const SPECIAL = /;/;
/** stopwaitsecs knows no "for ever". */
const A_DAY = 86_400;

export function exportSupervisord(config: Config, program: Program, origin: Origin): Exported {
  for (const text of [program.alternate, program.nodeFolder, origin.config]) {
    const refusal = notWritable('the path', text, SPECIAL);
    if (refusal !== null) return refusal;
  }
  const text = `${madeBy(origin).replace(/^#/gm, ';')}; To /etc/supervisor/conf.d/alternate.conf, then: supervisorctl update
; Rotate with alternate (or by the watched files): supervisorctl restart is downtime.
[program:alternate]
command=${word(program.alternate)} --config ${word(origin.config)} run
directory=${percents(path.dirname(origin.config))}
; First where this node is: alternate needs it, and so do services in Node.js.
environment=PATH=${word(searchPath(program))}
; The user for manager and services. As root, a service can have a user of its own in the configuration.
;user=www-data
autostart=true
; Whatever its exit code; one that ends within startsecs (a configuration that is wrong: 2) is given up after three tries.
autorestart=true
startsecs=1
startretries=3
; The manager stops the services in order: it alone is told, and each service is a process group of its own, which
; neither stopasgroup nor killasgroup would reach.
stopsignal=TERM
stopasgroup=false
killasgroup=false
; The longest stop.timeout, and something for the rest: KILL before that would leave services behind.
stopwaitsecs=${stopSeconds(config) ?? A_DAY}
; What services print comes on stdout, what the manager says on stderr; a service with output: { file: … } writes past
; supervisord. For stdout_logfile=/dev/stdout set stdout_logfile_maxbytes=0.
redirect_stderr=true
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=10
`;
  return { ok: true, text };
}

/** supervisord puts \`%(ENV_X)s\` in; a doubled sign is one. */
function percents(text: string): string {
  return text.replaceAll('%', '%%');
}

/** One word; quotes and backslashes have been refused. */
function word(text: string): string {
  return `"${percents(text)}"`;
}

/** A unit for the manager; systemd.service(5), systemd.exec(5), systemd.syntax(7). */
import path from 'node:path';
import type { Config } from '../config/types.ts';
import { madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { searchPath, startSeconds, stopSeconds, type Program } from './managed.ts';

/** Nothing beside what is refused for every kind: `%` and `$` can be doubled. */
const SPECIAL = /(?!)/;

export function exportSystemd(config: Config, program: Program, origin: Origin): Exported {
  for (const text of [program.alternate, program.nodeFolder, origin.config]) {
    const refusal = notWritable('the path', text, SPECIAL);
    if (refusal !== null) return refusal;
  }
  const command = (words: string): string =>
    `${word(program.alternate)} --config ${word(origin.config)} ${words}`;
  const seconds = (count: number | null): string => (count === null ? 'infinity' : `${count}s`);
  const text = `${madeBy(origin)}# To /etc/systemd/system/alternate.service, then: systemctl daemon-reload && systemctl enable --now alternate
[Unit]
Description=alternate, ${specifiers(origin.config)}
After=network-online.target
Wants=network-online.target
# Restarted however often it ends.
StartLimitIntervalSec=0

[Service]
# Started counts once every service runs or is known to have failed; a reload is over when it has been carried out.
# alternate says so with the help of systemd-notify, which is a process of its own: hence "all".
Type=notify
NotifyAccess=all
# The user for manager and services. As root, a service can have a user of its own in the configuration.
#User=www-data
WorkingDirectory=${specifiers(path.dirname(origin.config))}
# First where this node is: alternate needs it, and so do services in Node.js.
Environment=${word(`PATH=${searchPath(program)}`, specifiers)}
ExecStart=${command('run')}
${reloadOf(config, command)}
# TERM to the manager alone, which stops the services in order; when the time is over, or the manager has died, KILL to
# all that is left: no orphan keeps a port.
KillMode=mixed
# The longest stop.timeout, and something for the rest.
TimeoutStopSec=${seconds(stopSeconds(config))}
# The longest ready.timeout, and something for the rest; infinity where a hook decides.
TimeoutStartSec=${seconds(startSeconds(config))}
Restart=always
RestartSec=1s
# 2: the configuration is wrong, and will be the next time.
RestartPreventExitStatus=2
${runtimeDirectory(config)}
[Install]
WantedBy=multi-user.target
`;
  return { ok: true, text };
}

function reloadOf(config: Config, command: (words: string) => string): string {
  if (config.control === null)
    return `# There is no control socket to wait for the outcome on.
ExecReload=/bin/kill -HUP $MAINPID`;
  return `# Waits, and says what is wrong with a configuration that is refused.
ExecReload=${command('reload')}`;
}

/** A control socket directly under a folder of /run: that folder is gone after each boot, and made by root. */
function runtimeDirectory({ control }: Config): string {
  const name = /^\/run\/([\w.-]+)\/[^/]+$/.exec(control?.path ?? '')?.[1];
  if (name === undefined) return '';
  return `# For the control socket; kept, since other units may have theirs in it.
RuntimeDirectory=${name}
RuntimeDirectoryPreserve=yes
`;
}

function specifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

/** One word of a command line; quotes and backslashes have been refused. */
function word(text: string, escape = (plain: string): string => specifiers(plain).replaceAll('$', '$$$$')) {
  return `"${escape(text)}"`;
}

/** Prints a unit for the manager; systemd.service(5), systemd.exec(5), systemd.syntax(7). */
import path from 'node:path';
import type { Config } from '../config/types.ts';
import { madeBy, notWritable, type Exported, type Origin } from './exported.ts';
import { searchPath, startSeconds, stopSeconds, type Program } from './managed.ts';

/** No characters beside those that are always refused: `%` and `$` can be doubled. */
const SPECIAL = /(?!)/;

export function exportSystemd(config: Config, program: Program, origin: Origin): Exported {
  for (const text of [program.alternate, program.nodeFolder, origin.config]) {
    const refusal = notWritable('the path', text, SPECIAL);
    if (refusal !== null) return refusal;
  }
  const command = (words: string): string =>
    `${word(program.alternate)} --config ${word(origin.config)} ${words}`;
  const seconds = (count: number | null): string => (count === null ? 'infinity' : `${count}s`);
  const text = `${madeBy(origin)}# Save it as /etc/systemd/system/alternate.service, then run: systemctl daemon-reload && systemctl enable --now alternate
[Unit]
Description=alternate, ${specifiers(origin.config)}
After=network-online.target
Wants=network-online.target
# No limit for the number of restarts.
StartLimitIntervalSec=0

[Service]
# The unit is started when every service runs or has failed. A reload ends when it has been performed. alternate notifies
# systemd with systemd-notify, which is a separate process: NotifyAccess=all accepts it.
Type=notify
NotifyAccess=all
# The user for the manager and its services. If the manager runs as root, each service can have its own user.
#User=www-data
WorkingDirectory=${specifiers(path.dirname(origin.config))}
# The folder of this node comes first: alternate and services in Node.js need it.
Environment=${word(`PATH=${searchPath(program)}`, specifiers)}
ExecStart=${command('run')}
${reloadOf(config, command)}
# TERM goes only to the manager, which stops the services in order. After the time-out, or if the manager has died, KILL
# goes to all remaining processes: no orphan keeps a port.
KillMode=mixed
# The longest stop.timeout, plus a margin.
TimeoutStopSec=${seconds(stopSeconds(config))}
# The longest ready.timeout, plus a margin. infinity: a hook decides.
TimeoutStartSec=${seconds(startSeconds(config))}
Restart=always
RestartSec=1s
# 2: the configuration is wrong, and a restart does not fix it.
RestartPreventExitStatus=2
${runtimeDirectory(config)}
[Install]
WantedBy=multi-user.target
`;
  return { ok: true, text };
}

function reloadOf(config: Config, command: (words: string) => string): string {
  if (config.control === null)
    return `# Without a control socket the reload cannot wait for its outcome.
ExecReload=/bin/kill -HUP $MAINPID`;
  return `# Waits for the outcome, and reports the errors of a refused configuration.
ExecReload=${command('reload')}`;
}

/** For a control socket in a folder of /run: that folder is gone after each boot, and only root can create it. */
function runtimeDirectory({ control }: Config): string {
  const name = /^\/run\/([\w.-]+)\/[^/]+$/.exec(control?.path ?? '')?.[1];
  if (name === undefined) return '';
  return `# For the control socket. It is preserved, because sockets of other units may be in it too.
RuntimeDirectory=${name}
RuntimeDirectoryPreserve=yes
`;
}

function specifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

/** One word of a command line. Quotes and backslashes have been refused. */
function word(text: string, escape = (plain: string): string => specifiers(plain).replaceAll('$', '$$$$')) {
  return `"${escape(text)}"`;
}

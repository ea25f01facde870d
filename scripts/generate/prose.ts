/** What the reference says beyond the keys themselves. */
export const INTRODUCTION = `A configuration names the services that \`alternate\` keeps running. \`alternate init\` writes
one to start from, \`alternate validate\` checks one, and reports every [error and warning](#errors-and-warnings) with its
line and column.

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/alternate/schema/alternate.schema.json
control:
  socket: /run/alternate/site.sock
defaults:
  overlap: 15s
services:
  api:
    command: ./bin/api --listen 127.0.0.1:%alt
    parameters: [3000, 3001]
    watch: true
    env: { PORT: "%alt" }
    ready:
      http: http://127.0.0.1:%alt/healthz
  edge:
    command: nginx -p . -c nginx.conf -g "daemon off;"
    onRotate: SIGHUP
\`\`\`

With the first line, editors that know the YAML language server complete and check the file while you write.

**Where the file is found.** \`--config FILE\` names it. Without that, the nearest one counts, from the working directory
upward: \`alternate.config.yaml\`, \`.yml\`, \`.json\`, \`.js\`, \`.mjs\` or \`.cjs\`; \`.alternaterc\`, alone or with one
of these endings; or the key \`alternate\` in \`package.json\`. What another user may have put there [is refused](security.md). A
JavaScript file that is found is run, and its default export (or \`module.exports\`) is the configuration. It may take 30
seconds; a loop that never ends blocks the manager for ever, because the file runs in the manager's own process. A reload
runs that file again, but not the modules that it imports.

**Relative paths** start from the folder of the configuration file, as it was named or found: where
\`/srv/current\` is a link to a release, \`--config /srv/current/alternate.config.yaml\` follows the link each time a
path is used.

**YAML.** Version 1.2 with anchors, aliases and merge keys (\`<<\`). Unknown keys, and keys given twice, are mistakes. A
value that begins with \`%\` needs quotes: \`"%alt"\`.

## Errors and warnings

\`validate\`, \`run\` and \`reload\` refuse a configuration that cannot work, for example one with

- an \`http\` or \`tcp\` address of \`ready\` that is the same for two parameters: the old instance would answer for the new one.
  \`%alt\` in the path or the query does not change that, nor does another spelling of the same place (\`03000\`, \`localhost\`);
- two services that listen at the same place, by \`listen\`, \`address\` or \`ready\`.

They warn about what is probably wrong. \`validate\` reports the warnings and exits with 0, or with 2 if \`--strict\` is given;
the manager logs each of them once.

| warning | why |
| --- | --- |
| shell syntax in a command: \`>\`, \`\\|\`, \`&&\`, \`$NAME\`, \`~\`, \`NAME=value\` | no shell runs, so the program gets it as a word. Text in quotes is not looked at: \`sh -c "exec ./bin/api > log"\` |
| a program, or the script of an interpreter, that does not exist; an env file with a mistake | the launch would fail |
| parameters that no \`%alt\` gives to the program | all instances are started alike. A program that reads \`ALTERNATE_PARAMETER\` cannot be seen: \`env: { ALTERNATE_PARAMETER: "%alt" }\` says so |
| \`ready.exec\` without \`%alt\` | the old instance may answer for the new one |
| the same port among the parameters of two services | each takes it from the other |
| an \`overlap\` below 10s without \`route\` | a proxy that is not notified leaves a server out for so long after a failed request (\`fail_timeout\` of nginx) |
| a wrapper: \`npm start\`, \`npx\`, \`yarn\`, \`pm2\`, \`nodemon\`, \`sudo\`, \`setsid\` | signals, sockets and exits are those of the wrapper, not those of the server |
| as root: a configuration, program, script or env file that others may write to | they could have root run what they like |
| too few file watches (\`fs.inotify\`) or open files (\`ulimit -n\`) | changes are found later, or launches fail |
| \`watch\` beside \`onRotate: none\` | a change asks for a rotation, which is refused |`;

/** `definition` is the part of the schema whose description comes first. */
export const VALUES: readonly {
  readonly heading: string;
  readonly definition: string | null;
  readonly more: string;
}[] = [
  {
    heading: '`%alt`',
    definition: null,
    more: `\`%alt\` is replaced by the parameter in \`command\`, \`env\`, \`envFile\`, \`cwd\`, \`address\`, the server of \`route\`, \`ready\`,
\`output\` and \`hooks\`, after these are split into words: a parameter with spaces never adds a word. \`%%alt\` stands for the text
\`%alt\`. In a service without parameters \`%alt\` is empty.`,
  },
  { heading: 'Commands', definition: 'command', more: '' },
  { heading: 'Durations', definition: 'duration', more: '' },
  { heading: 'Sizes', definition: 'size', more: '' },
  { heading: 'Signals', definition: 'signal', more: '' },
];

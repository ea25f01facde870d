/** The part of the reference that is not about single keys. */
export const INTRODUCTION = `A configuration names the services that \`alternate\` keeps running. \`alternate init\` writes
a configuration to start from. \`alternate validate\` checks one and reports every [error and warning](#errors-and-warnings)
with its line and column.

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

The first line is for editors that support the YAML language server: they complete and check the file while you write.

**Where the file is found.** \`--config FILE\` names it. Without \`--config\`, alternate searches from the working directory
upward and takes the nearest file: \`alternate.config.yaml\`, \`.yml\`, \`.json\`, \`.js\`, \`.mjs\` or \`.cjs\`;
\`.alternaterc\`, alone or with one of these endings; or the key \`alternate\` in \`package.json\`. If another user may have
put the file there, it [is refused](security.md).

**JavaScript.** A JavaScript file is run. Its default export (or \`module.exports\`) is the configuration. It may take 30
seconds. The file runs in the manager's own process, so a loop that never ends blocks the manager. A reload runs the file again,
but not the modules that it imports.

**Relative paths** start from the folder of the configuration file, as the file was named or found. Example:
\`/srv/current\` is a link to a release. With \`--config /srv/current/alternate.config.yaml\` the link is followed each time a
path is used.

**YAML.** The version is 1.2, with anchors, aliases and merge keys (\`<<\`). Unknown keys and duplicate keys are errors. A value
that begins with \`%\` needs quotes: \`"%alt"\`.

## Errors and warnings

\`validate\`, \`run\` and \`reload\` refuse a configuration that cannot work, for example a configuration with

- an \`http\` or \`tcp\` address of \`ready\` that is the same for two parameters: the old instance would answer for the new one.
  \`%alt\` in the path or the query does not change that. Another spelling of the same address does not change it either
  (\`03000\`, \`localhost\`);
- two services that listen at the same address, by \`listen\`, \`address\` or \`ready\`.

They warn about what is probably wrong. \`validate\` reports the warnings and exits with 0, or with 2 if \`--strict\` is given.
The manager logs each warning once.

| warning | reason |
| --- | --- |
| shell syntax in a command: \`>\`, \`\\|\`, \`&&\`, \`$NAME\`, \`~\`, \`NAME=value\` | No shell runs, so the program gets it as a word. Text in quotes is not checked: \`sh -c "exec ./bin/api > log"\` |
| a program, or the script of an interpreter, that does not exist; an env file with an error | The launch would fail. |
| parameters that no \`%alt\` gives to the program | All instances are started with the same command. alternate cannot see whether a program reads \`ALTERNATE_PARAMETER\`. If it does, write \`env: { ALTERNATE_PARAMETER: "%alt" }\` |
| \`ready.exec\` without \`%alt\` | The old instance may answer for the new one. |
| the same port among the parameters of two services | Each service takes the port from the other. |
| an \`overlap\` below 10s without \`route\` | A proxy that is not notified does not use a server for this time after a failed request (\`fail_timeout\` of nginx). |
| a wrapper: \`npm start\`, \`npx\`, \`yarn\`, \`pm2\`, \`nodemon\`, \`sudo\`, \`setsid\` | Signals, sockets and exits are those of the wrapper, not those of the server. |
| as root: a configuration, program, script or env file that other users may write to | These users could run any program as root. |
| too few file watches (\`fs.inotify\`) or open files (\`ulimit -n\`) | Changes are detected later, or launches fail. |
| \`watch\` beside \`onRotate: none\` | A change requests a rotation, and the rotation is refused. |`;

/** `definition` names the part of the schema whose description comes first. */
export const VALUES: readonly {
  readonly heading: string;
  readonly definition: string | null;
  readonly more: string;
}[] = [
  {
    heading: '`%alt`',
    definition: null,
    more: `\`%alt\` is replaced by the parameter in \`command\`, \`env\`, \`envFile\`, \`cwd\`, \`address\`, the server of \`route\`, \`ready\`,
\`output\` and \`hooks\`. This happens after these are split into words, so a parameter with spaces never adds a word. \`%%alt\`
stands for the text \`%alt\`. In a service without parameters \`%alt\` is empty.`,
  },
  { heading: 'Commands', definition: 'command', more: '' },
  { heading: 'Durations', definition: 'duration', more: '' },
  { heading: 'Sizes', definition: 'size', more: '' },
  { heading: 'Signals', definition: 'signal', more: '' },
];

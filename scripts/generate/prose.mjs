/** What the reference says beyond the keys themselves. */
export const INTRODUCTION = `A configuration names the services that \`alternate\` keeps running. \`alternate init\` writes
one to start from, \`alternate validate\` checks one and says every mistake with its line and column.

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
value that begins with \`%\` needs quotes: \`"%alt"\`.`;

/** `definition` is the part of the schema whose description comes first. */
export const VALUES = [
  {
    heading: '`%alt`',
    definition: null,
    more: `\`%alt\` is replaced by the parameter in \`command\`, \`env\`, \`envFile\`, \`cwd\`, \`ready\`, \`output\` and
\`hooks\`, after these are split into words: a parameter with spaces never adds a word. \`%%alt\` stands for the text
\`%alt\`. In a service without parameters \`%alt\` is empty.`,
  },
  { heading: 'Commands', definition: 'command', more: '' },
  { heading: 'Durations', definition: 'duration', more: '' },
  { heading: 'Sizes', definition: 'size', more: '' },
  { heading: 'Signals', definition: 'signal', more: '' },
];

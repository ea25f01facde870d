/**
 * The text of the file that `alternate init` writes. It is valid and runs unchanged. `schema` is the path or the URL of
 * the schema, for editors.
 */
export function starterConfig(schema: string): string {
  return `# yaml-language-server: $schema=${schema}
#
# The services that alternate runs. Try it: \`alternate run\` here, then \`alternate rotate\` in another terminal.
# The command is split into words as in a shell, but no shell runs it. %alt stands for the parameter.

services:
  web:
    # An example server. Replace it by your own, for instance: ./bin/server --listen 127.0.0.1:%alt
    command: >-
      node --eval "
      const server = require('node:http').createServer((request, response) => response.end('hello from %alt'));
      process.on('SIGTERM', () => server.close());
      server.listen(%alt, '127.0.0.1');"

    # A rotation starts the command with the next parameter, then stops the old instance.
    parameters: [3000, 3001]

    # How long both instances run, from the moment when the new one is ready.
    overlap: 10s

    # How a new instance shows that it is ready. If it is not ready in time, the old instance keeps serving.
    ready:
      http: http://127.0.0.1:%alt/
      timeout: 30s

    # Rotate when the content of these files changes (true: the file of the program).
    # watch: [bin/server]

    # cwd: .
    # env: { PORT: "%alt" }
    # envFile: .env
    # user: www-data

    # How an instance is stopped, and after how long it is killed.
    # stop:
    #   signal: SIGTERM
    #   timeout: 30s

    # always, on-failure or never
    # restart: always

    # prefix, inherit, ignore, or a file
    # output: { file: "logs/web-%alt.log", maxSize: 10MB, maxFiles: 5 }

    # Commands that run during a rotation.
    # hooks:
    #   beforeStart: ./migrate
    #   afterReady: [./notify-the-proxy, up, "%alt"]
    #   beforeStop: ./notify-the-proxy drain %alt

  # A service without parameters: a rotation restarts it, or sends a signal.
  # proxy:
  #   command: nginx -p . -c nginx.conf -g "daemon off;"
  #   onRotate: SIGHUP

# Defaults for every service. A key of the service has priority.
# defaults:
#   stop: { timeout: 1m }

# control:
#   socket: run/alternate.sock
#   mode: "0660"
`;
}

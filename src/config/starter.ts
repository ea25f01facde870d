/**
 * The text of the file that `alternate init` writes: valid, and runs as it stands wherever Node does. `schema` is where
 * the schema lies, as a path or a URL that an editor can open.
 */
export function starterConfig(schema: string): string {
  return `# yaml-language-server: $schema=${schema}
#
# The services that alternate keeps running. Try it: \`alternate run\` here, \`alternate rotate\` in another terminal.
# The command is split as a shell splits it, but no shell runs. %alt stands for the parameter.

services:
  web:
    # A server to play with. Replace it by your own, for instance: ./bin/server --listen 127.0.0.1:%alt
    command: >-
      node --eval "
      const server = require('node:http').createServer((request, response) => response.end('hello from %alt'));
      process.on('SIGTERM', () => server.close());
      server.listen(%alt, '127.0.0.1');"

    # A rotation starts the command with the next parameter, and retires the old instance.
    parameters: [3000, 3001]

    # Both run this long, from the moment that the new one is ready. Give a proxy the time to notice.
    overlap: 10s

    # How a new instance shows that it is ready; until then the old one serves, and stays if this fails.
    ready:
      http: http://127.0.0.1:%alt/
      timeout: 30s

    # Rotate when the content of these files changes (true: of the program).
    # watch: [bin/server]

    # cwd: .
    # env: { PORT: "%alt" }
    # envFile: .env
    # user: www-data

    # How an instance is told to stop, and when it is killed.
    # stop:
    #   signal: SIGTERM
    #   timeout: 30s

    # always, on-failure or never
    # restart: always

    # prefix, inherit, ignore, or a file
    # output: { file: "logs/web-%alt.log", maxSize: 10MB, maxFiles: 5 }

    # Commands around a rotation.
    # hooks:
    #   beforeStart: ./migrate
    #   afterReady: [./tell-the-proxy, up, "%alt"]
    #   beforeStop: ./tell-the-proxy drain %alt

  # A service with nothing to alternate: a rotation restarts it, or sends a signal.
  # proxy:
  #   command: nginx -p . -c nginx.conf -g "daemon off;"
  #   onRotate: SIGHUP

# Keys for every service; a service's own key wins.
# defaults:
#   stop: { timeout: 1m }

# control:
#   socket: run/alternate.sock
#   mode: "0660"
`;
}

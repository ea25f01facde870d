#!/bin/sh
# Makes what the Caddyfile imports. Installed globally, the command is just: alternate
set -e
mkdir -p state
../../bin/alternate export caddy web > state/web.caddy

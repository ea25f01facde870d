#!/bin/sh
# Makes what the Caddyfile imports. Installed globally, the command is just: alternate
set -e
mkdir -p state
../../dist/bin.cjs export caddy web > state/web.caddy

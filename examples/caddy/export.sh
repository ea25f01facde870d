#!/bin/sh
# Writes the file that the Caddyfile imports. If alternate is installed globally, the command is: alternate
set -e
mkdir -p state
../../bin/alternate export caddy web > state/web.caddy

#!/bin/sh
# Makes what httpd.conf includes. Installed globally, the command is just: alternate
set -e
mkdir -p state
../../dist/bin.cjs export apache web > state/web.conf

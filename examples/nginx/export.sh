#!/bin/sh
# Makes what nginx.conf includes. Installed globally, the command is just: alternate
set -e
mkdir -p state
../../dist/bin.cjs export nginx --part http > state/upstreams.conf
../../dist/bin.cjs export nginx web --part location > state/web.conf

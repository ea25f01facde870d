#!/bin/sh
# Makes what nginx.conf includes. Installed globally, the command is just: alternate
set -e
mkdir -p state
../../bin/alternate export nginx --part http > state/upstreams.conf
../../bin/alternate export nginx web --part location > state/web.conf

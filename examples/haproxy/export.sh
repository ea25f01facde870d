#!/bin/sh
# Makes what HAProxy reads after haproxy.cfg. Installed globally, the command is just: alternate
set -e
mkdir -p state
../../bin/alternate export haproxy web > state/web.cfg

#!/bin/sh
# Writes the file that HAProxy reads after haproxy.cfg. If alternate is installed globally, the command is: alternate
set -e
mkdir -p state
../../bin/alternate export haproxy web > state/web.cfg

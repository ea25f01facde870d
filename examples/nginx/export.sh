#!/bin/sh
# Writes the files that nginx.conf includes. If alternate is installed globally, the command is: alternate
set -e
mkdir -p state
../../bin/alternate export nginx --part http > state/upstreams.conf
../../bin/alternate export nginx web --part location > state/web.conf

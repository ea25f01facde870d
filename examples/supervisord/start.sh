#!/bin/sh
# Writes the program section and starts supervisord with it. If alternate is installed globally, the command is: alternate
set -e
cd "$(dirname "$0")"
mkdir -p state
../../bin/alternate export supervisord > state/alternate.conf
exec supervisord -c supervisord.conf

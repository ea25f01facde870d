#!/bin/sh
# Makes the program section and starts supervisord with it. Installed globally, the command is just: alternate
set -e
cd "$(dirname "$0")"
mkdir -p state
../../bin/alternate export supervisord > state/alternate.conf
exec supervisord -c supervisord.conf

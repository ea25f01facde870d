#!/bin/sh
# Makes what httpd.conf includes. Installed globally, the command is just: alternate
set -e
mkdir -p state
../../bin/alternate export apache web > state/web.conf

#!/bin/sh
# Writes the file that httpd.conf includes. If alternate is installed globally, the command is: alternate
set -e
mkdir -p state
../../bin/alternate export apache web > state/web.conf

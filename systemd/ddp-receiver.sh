#!/bin/sh
# The command line of the installed receiver.
exec /opt/ddp-receiver/current/bin/python -P -m receiver "$@"

#!/bin/sh
# Before the package goes: Debian says "remove", RPM says 0. An upgrade stops nothing.
set -e
case "${1:-}" in
remove | purge | 0)
  if [ -d /run/systemd/system ]; then
    systemctl stop 'ordersync.service' 'ordersync@*.service' || true
    systemctl disable ordersync.service || true
    rm -f /etc/systemd/system/*.wants/ordersync@*.service
  fi
  ;;
esac

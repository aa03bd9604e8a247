#!/bin/sh
# Behind the installation of the package: a place for secrets, and what systemd knows. Nothing is started: there is no configuration yet.
set -e
install -d -m 0755 /etc/ordersync
install -d -m 0700 /etc/ordersync/secrets
for key in mysql.dsn redis.uri douyin.secret douyin.salt douyin.callback_token douyin.trade.private_key gateway.tokens admin.users; do
  [ -e "/etc/ordersync/secrets/$key" ] || install -m 0600 /dev/null "/etc/ordersync/secrets/$key"
done
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  # A newer version takes over where one was running.
  systemctl try-restart 'ordersync.service' 'ordersync@*.service' || true
fi

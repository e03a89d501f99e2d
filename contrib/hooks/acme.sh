#!/bin/sh
# acme.sh reload command:
#   acme.sh --issue -d mail.example.com --always-force-new-domain-key ...
#   acme.sh --install-cert -d mail.example.com --fullchain-file /etc/acme/mail/fullchain.pem \
#       --key-file /etc/acme/mail/privkey.pem --reloadcmd /usr/share/tlsa-update/hooks/acme.sh
# and in tlsa-update.conf what acme.sh installs, the key that it makes current too early, and the next one:
#   cert = /etc/acme/mail/fullchain.pem
#   next = /root/.acme.sh/mail.example.com_ecc/mail.example.com.key
#   next = /root/.acme.sh/mail.example.com_ecc/mail.example.com.key.next
set -eu
exec tlsa-update publish --quiet

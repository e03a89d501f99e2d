#!/bin/sh
# acme.sh reload command. Its files lie outside /root, which tlsa-update.service does not see:
#   acme.sh --home /var/lib/acme --issue -d mail.example.com --always-force-new-domain-key ...
#   acme.sh --home /var/lib/acme --install-cert -d mail.example.com --fullchain-file /etc/acme/mail/fullchain.pem \
#       --key-file /etc/acme/mail/privkey.pem --reloadcmd /usr/share/tlsa-update/hooks/acme.sh
# and in tlsa-update.conf what acme.sh installs, the key that it makes current too early, and the next one:
#   cert = /etc/acme/mail/fullchain.pem
#   next = /var/lib/acme/mail.example.com_ecc/mail.example.com.key
#   next = /var/lib/acme/mail.example.com_ecc/mail.example.com.key.next
set -eu
status=0
tlsa-update publish --quiet || status=$?
# No service is configured yet, or an address does not answer yet: nothing failed, and the timer goes on.
case $status in 64 | 75) status=0 ;; esac
exit "$status"

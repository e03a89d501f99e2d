-- Prosody reads its key as a user of its own: give the directory the group, and the key the mode, that let it.
--   install -d -o tlsa-update -g prosody -m 2750 /etc/prosody/tls
-- In tlsa-update.conf:
--   name    = srv:_xmpp-server._tcp.example.com
--   name    = srv:_xmpp-client._tcp.example.com
--   install = /etc/letsencrypt/live/xmpp.example.com/privkey.pem -> /etc/prosody/tls/privkey.pem 0640
--   reload  = touch /var/lib/tlsa-update/reload/prosody
VirtualHost "example.com"
    ssl = {
        certificate = "/etc/prosody/tls/fullchain.pem";
        key = "/etc/prosody/tls/privkey.pem";
    }

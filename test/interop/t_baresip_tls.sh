# Two baresip phones over TLS.
. "$HERE/baresip.sh"
two_phones tls

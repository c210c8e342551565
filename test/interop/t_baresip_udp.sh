# Two baresip phones over UDP.
. "$HERE/baresip.sh"
two_phones udp

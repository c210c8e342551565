# Two baresip phones over TCP.
. "$HERE/baresip.sh"
two_phones tcp

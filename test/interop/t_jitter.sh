# Speech over a bad network: baresip's own jitter buffer, and ours before the mixer of a conference, on the same trace.
#
# Phone a speaks; its packets pass `impair` on their way to the server, whose outer address it is. Once a calls b and
# the server relays: b's jitter buffer is baresip's own. Once a and c are in a conference: what c hears went through
# ours, and its own buffer has only a clean network to do. Both are what the listener's sndfile module keeps; the
# listener in the conference takes L16, so that no second coder adds its noise.
. "$HERE/lib.sh"
need_ baresip

SERVER=198.51.100.1 PHONE=198.51.100.2 OUTER=198.51.100.9
SECONDS_OF_SPEECH=${JITTER_SECONDS:-16}
SEEDS=${JITTER_SEEDS:-1 2 3}
for ip in $SERVER $PHONE $OUTER; do ip addr add $ip/32 dev lo; done
ADDR[a]=$PHONE

# talker NAME NUMBER SERVER FILE CODEC: as phone() of lib.sh, with concealment, since that is part of a jitter buffer
talker() {
	local d=$T/$1 ip=${ADDR[$1]} m
	mkdir -p "$d/rec"
	m=$(dirname "$(find /usr/lib /usr/local/lib -path '*baresip/modules/account.so' 2>/dev/null | head -n 1)")
	cat >"$d/config" <<-X
		module_path $m
		module g711.so
		module l16.so
		module aufile.so
		module sndfile.so
		$([ -e "$m/plc.so" ] && echo "module plc.so")
		module_tmp account.so
		module_app menu.so
		module_app ctrl_tcp.so
		sip_listen $ip:5070
		net_interface $ip
		ctrl_tcp_listen $ip:4444
		audio_source aufile,$4
		audio_player none,none
		ausrc_srate 8000
		auplay_srate 8000
		ausrc_channels 1
		auplay_channels 1
		jitter_buffer_delay 5-10
		snd_path $d/rec
		call_max_calls 4
	X
	echo "<sip:$2@$3;transport=udp>;auth_pass=secret-$2-x;audio_codecs=$5" >"$d/accounts"
	: >"$d/contacts"
	spawn "$d/log" baresip -f "$d"
	within 8 registered "$2" || bad "baresip $1 ($2) does not register: $(tail -n 3 "$d/log")"
	within 3 connect "$1" || bad "baresip $1 has no control port"
}
# network OPTIONS...: what is between the phone and the server from now on
NETWORK=
network() {
	[ -z "$NETWORK" ] || { kill -TERM "$NETWORK"; end_of "$NETWORK" 5; }
	spawn "$T/impair.log" "$TOOLS/impair" -1 -n 200 "$@" "$OUTER:10000-10199=$SERVER:10000"
	NETWORK=$CHILD
	within 3 listens || bad "impair does not listen"
}
listens() { ss -uln | grep -q "$OUTER:10199 "; }
# score NAME PHONE: the score of what the phone kept last, as "stoi lsd"
score() {
	local f; f=$(ls -t "$T/$2"/rec/*dec.wav 2>/dev/null | head -n 1)
	cp "$f" "$T/$1.wav"
	"$TOOLS/speech" compare "$T/speech.wav" "$T/$1.wav" | sed "s/^/$1 /" | tee -a "$T/scores" | awk '{ print $3, $5 }'
}
hang_up() { # hang_up PHONE...
	local p
	for p in "$@"; do tell "$p" hangup; done
	within 8 calls_now 0 || bad "the call does not end"
	sleep 0.3 # files are closed
}
through_relay() {
	mark a b; tell a dial 101
	event b CALL_INCOMING; tell b accept
	event a CALL_ESTABLISHED; sleep "$SECONDS_OF_SPEECH"
	hang_up a
}
through_mixer() {
	mark a c; tell c dial 800
	event c CALL_ESTABLISHED; tell a dial 800
	event a CALL_ESTABLISHED; sleep "$SECONDS_OF_SPEECH"
	hang_up a c
}

"$TOOLS/speech" make "$T/speech.wav" 3 $((SECONDS_OF_SPEECH - 3)) 2
"$TOOLS/speech" make "$T/silence.wav" 3 0 60
server_start --external-ip $OUTER --rtp-ports 10000-10199
numbers 100 101 102
oh conference add 800 --join-tones false --announce-count false >>"$T/cli.log" 2>&1 || bad "no conference: $(tail -n 1 "$T/cli.log")"
talker a 100 $SERVER "$T/speech.wav" PCMU/8000
talker b 101 127.0.0.1 "$T/silence.wav" PCMU/8000
talker c 102 127.0.0.1 "$T/silence.wav" L16/8000/1

test_ "jitter: a clean network, speech through a conference: whole, and nothing made up"
network
through_mixer
read -r stoi lsd < <(score clean c)
holds() { awk "BEGIN { exit !($1) }" || { echo "not $1"; return 1; }; }
check "speech is not whole (lsd $lsd)" holds "$stoi > 0.97"
# 0 in the unit tests; here the sender's clock is that of a busy machine
quality() { oh cdr --json --limit 2 | jq -c '.items[] | select(.from == "100") | .legs[0].quality'; }
hardly_concealed() { quality | tee -a "$T/scores" | jq -e '.played_ms > 5000 and .concealed_ms * 200 <= .played_ms'; }
within 4 hardly_concealed || bad "made up: $(quality)"

test_ "jitter: 5 % loss and 40 ms jitter: speech through our buffer is no worse than through baresip's on the same traces"
ours_stoi=0 theirs_stoi=0 ours_lsd=0 theirs_lsd=0 n=0
sum() { awk "BEGIN { print $1 + $2 }"; }
network
through_relay
score theirs-clean b >/dev/null
for seed in $SEEDS; do
	network -s "$seed" -l 5 -j 40
	through_relay
	read -r stoi lsd < <(score "theirs-$seed" b)
	theirs_stoi=$(sum $theirs_stoi "$stoi") theirs_lsd=$(sum $theirs_lsd "$lsd")
	network -s "$seed" -l 5 -j 40
	through_mixer
	read -r stoi lsd < <(score "ours-$seed" c)
	ours_stoi=$(sum $ours_stoi "$stoi") ours_lsd=$(sum $ours_lsd "$lsd") n=$((n + 1))
done
echo "sums of $n: ours stoi $ours_stoi lsd $ours_lsd, theirs stoi $theirs_stoi lsd $theirs_lsd" >>"$T/scores"
# a busy machine adds jitter of its own, mostly to the path with a mixer: so much is allowed for it
check "intelligibility" holds "$ours_stoi >= $theirs_stoi - 0.025 * $n"
check "spectral distance" holds "$ours_lsd <= $theirs_lsd + 0.7 * $n"
done_

# Digits in all nine conversions: from baresip (telephone-event) and twinkle (INFO, tones in the sound) to baresip, as is set for it; linphonec
# by INFO and telephone-event to baresip and back; the PIN of a conference by each way.
. "$HERE/lib.sh"
. "$HERE/twinkle.sh"
. "$HERE/linphone.sh"

way_of() { oh extension set "$1" --dtmf "$2" >>"$T/cli.log" 2>&1 || bad "dtmf $2 of $1: $(tail -n 1 "$T/cli.log")"; }
# got NAME: digits that a baresip was told of, in order
got() { tail -c +$((${MARK[$1]} + 1)) "$T/$1/events" | grep -a -o '"type":"CALL_DTMF_START"[^}]*' | grep -a -o '"param":"[^"]*"' | cut -d'"' -f4 | tr -d '\n'; }
got_is() { same "$(got "$1")" "$2"; }
infos() { grep -a -c "received DTMF: '" "$T/$1/log"; } # those by INFO
in_sound() { "$TOOLS/digits" "$(ls -t "$T/$1"/rec/*dec.wav | head -n 1)"; }

# to_b SENDER WAY: after the call is up, SENDER's digits 1 5 9 # reach phone b by that way, once each
to_b() {
	local x=$1 way=$2 n0 n1 i
	n0=$(infos b); mark b
	case $x in
	a) for i in 1 5 9 '#'; do tell a sndcode "$i"; sleep 0.4; done ;;
	*) tw "$x" "dtmf 159#" ;;
	esac
	if [ "$way" = inband ]; then
		sleep 3
		same "$(got b)" "" >/dev/null || bad "told of \"$(got b)\" beside the sound"
	else
		within 6 got_is b "159#" || bad "b was told \"$(got b)\""
		sleep 0.5
	fi
	n1=$(infos b)
	same "$((n1 - n0))" "$([ "$way" = info ] && echo 4 || echo 0)" >/dev/null || bad "$((n1 - n0)) digits by INFO"
	mark b; tell b hangup
	event b CALL_CLOSED
	sleep 0.4
	if [ "$way" = inband ]; then
		same "$(in_sound b)" "159#" >/dev/null || bad "b heard \"$(in_sound b)\""
	else
		same "$(in_sound b)" "" >/dev/null || bad "b heard \"$(in_sound b)\" beside what it was told"
	fi
}
three_ways() { # three_ways SENDER WORDS
	local way
	for way in rfc4733 info inband; do
		test_ "digits: $2 to baresip, which is set to $way"
		way_of 101 $way
		mark b
		case $1 in
		a) tell a dial 101 ;;
		*) tw "$1" "call 101" ;;
		esac
		event b CALL_INCOMING
		tell b accept
		event b CALL_ESTABLISHED
		sleep 1
		to_b "$1" $way
	done
}

server_start
numbers 100 101 102 103
phone a 100 udp 440
phone b 101 udp 660
three_ways a "telephone-events of baresip"
tell a quit 2>/dev/null; sleep 0.3

TW_MORE="dtmf_transport=info" twinkle c 102 500
three_ways c "INFO of twinkle"
tw_end c

way_of 102 inband
TW_MORE="dtmf_transport=inband" twinkle d 102 500
three_ways d "tones of twinkle"

test_ "digits: the PIN of a conference in twinkle's sound"
oh conference add 800 --pin 1234 >>"$T/cli.log" 2>&1 || bad "no conference: $(tail -n 1 "$T/cli.log")"
in_room() { oh conference members 800 --json | jq -e "(.items // .) | length == $1"; }
tw d "call 800"
tw_saw d "far end answered"
sleep 2
tw d "dtmf 1234#"
within 6 in_room 1 || bad "not let in: $(oh conference members 800)"
tw d bye
tw_end d

test_ "digits: linphonec by telephone-event to baresip by INFO, and baresip's to linphonec"
way_of 101 info; way_of 102 auto
ADDR[e]=127.0.0.6
linphone e 103 udp 500
mark b
lp e "call sip:101@127.0.0.1"
event b CALL_INCOMING
tell b accept
event b CALL_ESTABLISHED
sleep 1
n0=$(infos b); mark b
for i in 2 0 '*'; do lp e "$i"; sleep 0.5; done
within 6 got_is b "20*" || bad "b was told \"$(got b)\""
same "$(($(infos b) - n0))" 3 >/dev/null || bad "$(($(infos b) - n0)) by INFO"
lp_mark e
for i in 7 3; do tell b sndcode "$i"; sleep 0.5; done
lp_saw e "tone 7" 4; lp_saw e "tone 3" 4
mark b; tell b hangup
event b CALL_CLOSED
lp_end e
done_

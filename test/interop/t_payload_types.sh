# Two sipp agents whose payload types are odd: dynamic numbers for PCMU and 126 for telephone-event, other numbers in the
# answer than in the offer (RFC 3264 6.1: each is sent what it named itself), and packets of 10 to 60 ms; with hold.
. "$HERE/lib.sh"

says() { # says PCMU EVENT PTIME MAXPTIME: what is done to the SDP of a scenario
	echo "s|RTP/AVP 0|RTP/AVP $1 $2|; s|^a=rtpmap:0 PCMU/8000|a=rtpmap:$1 PCMU/8000\\na=rtpmap:$2 telephone-event/8000\\na=fmtp:$2 0-15\\na=ptime:$3\\na=maxptime:$4|"
}
digits() { grep -q "digits $2 odd 0 " "$T/$1/rtp.log" || bad "sipp $1: not digit $2: $(tail -n 1 "$T/$1/rtp.log")"; }

# pair PCMU EVENT PTIME MAXPTIME (caller) PCMU EVENT PTIME MAXPTIME (called)
pair() {
	local uas ra rb
	test_ "payload types: $1 and $2, $3 ms (caller), $5 and $6, $7 ms (called): tones, digits, hold"
	SIPP_SED=$(says "$5" "$6" "$7" "$8") sipp_ b uas 103 103 udp; uas=$CHILD
	# the called party sends what the offer named, and gets what its answer named
	RTP_PT="$1 $1" RTP_EVENT="$2 $2" RTP_MS=$3 RTP_DIGIT=7 sound a 440 30; ra=$CHILD
	RTP_PT="$1 $5" RTP_EVENT="$2 $6" RTP_MS=$7 RTP_DIGIT=5 sound b 1000 30; rb=$CHILD
	sleep 0.3
	SIPP_SED=$(says "$1" "$2" "$3" "$4") sipp_ a uac 102 103 udp
	sipp_ok $CHILD "caller" a
	sipp_ok $uas "callee" b
	sound_is a $ra '(b.*){6,}\.{5,}.*b{4,}' 440 1000
	sound_is b $rb '(a.*){6,}[.?]{5,}.*a{4,}' 440 1000 # who is held hears music, which has such notes, too
	digits a 5
	digits b 7
	cdr "102 to 103" '.outcome == "answered" and ([.legs[].codec] | unique) == ["PCMU"]'
}

server_start
numbers 102 103
sipp_register a 102 udp
sipp_register b 103 udp
pair 112 126 10 20 112 126 10 20
pair 112 126 30 60 98 100 40 60
pair 127 96 60 60 0 101 20 20
pair 0 126 40 60 126 127 10 10
pair 97 98 20 20 98 97 30 30
done_

# Calls between every pair of codecs: phones that may use one codec each, all of them in calls at the same time.
# What two phones share is relayed, everything else translated: both ends hear the right tone in any case.
# Seven phones are baresips, one is a linphonec (Speex). baresip's G.726 has the bit order of AAL2 under the name of
# RFC 3551's, so it is not among them.
. "$HERE/lib.sh"
. "$HERE/linphone.sh"
need_ baresip

ADDR+=([e]=127.0.0.6 [f]=127.0.0.7 [g]=127.0.0.8 [h]=127.0.0.9)
declare -A NUM=([a]=100 [b]=101 [c]=102 [d]=103 [e]=104 [f]=105 [g]=106 [h]=107)
declare -A HZ=([a]=440 [b]=560 [c]=680 [d]=800 [e]=920 [f]=1040 [g]=1160 [h]=1280)
# as baresip calls it, as the extension's policy does, as the call shows it
declare -A CODEC=([a]=PCMU/8000 [b]=PCMA/8000 [c]=G722/16000 [e]=GSM/8000 [f]=opus/48000/2 [g]=L16/16000 [h]=PCMU/8000,opus/48000/2)
declare -A POLICY=([d]=speex/16000 [g]=l16/16000)
declare -A SAID=([a]=PCMU [b]=PCMA [c]=G722 [d]=SPEEX [e]=GSM [f]=OPUS [g]=L16 [h]='PCMU|OPUS')
PHONES=(a b c d e f g h)
export TONE_SHARE=0.35 # GSM and Speex are made for speech; what is not the tone has next to nothing of it

# what both kinds of phone can do
rings() { if [ "$1" = d ]; then lp_saw d "Receiving new incoming call|is contacting you"; else event "$1" CALL_INCOMING; fi; }
dial() { if [ "$1" = d ]; then lp d "call sip:$2@127.0.0.1"; else tell "$1" dial "$2"; fi; }
accept() { if [ "$1" = d ]; then lp d answer; else tell "$1" accept; fi; }
is_up() { if [ "$1" = d ]; then lp_saw d "Media streams established|Call .* connected|answered"; lp_sound d; else event "$1" CALL_ESTABLISHED; fi; }
hang_up() { if [ "$1" = d ]; then lp d terminate; else tell "$1" hangup; fi; }
get_ready() { if [ "$1" = d ]; then lp_mark d; else rm -f "$T/$1"/rec/*; mark "$1"; fi; }
hears() { if [ "$1" = d ]; then shift; lp_heard d "$@"; else heard "$@"; fi; }

server_start
numbers 100 101 102 103 104 105 106 107
test_ "codecs: eight phones with one codec each (one with two)"
for p in "${PHONES[@]}"; do
	[ -z "${POLICY[$p]:-}" ] || check "codecs of ${NUM[$p]}" oh extension set "${NUM[$p]}" --codecs "${POLICY[$p]}"
	if [ "$p" = d ]; then
		linphone d 103 udp "${HZ[d]}"
	else
		CODECS=${CODEC[$p]} MODULES="g722 gsm opus l16" phone "$p" "${NUM[$p]}" udp "${HZ[$p]}"
	fi
done

codec_is() { # codec_is PHONE: it is sent and sends what it knows
	jq -e --arg n "${NUM[$1]}" --arg c "${SAID[$1]}" '[.items[].legs[] | select(.number == $n) | .codec | test("^(" + $c + ")$"; "i")] == [true]' \
		"$T/calls.json" >/dev/null ||
		bad "phone $1 does not use ${SAID[$1]}: $(jq -c --arg n "${NUM[$1]}" '[.items[].legs[] | select(.number == $n) | .codec]' "$T/calls.json")"
}
one_round() { # one_round X Y X Y ...: these pairs talk at the same time
	local v=("$@") i p
	for p in "${v[@]}"; do get_ready "$p"; done
	for ((i = 0; i < ${#v[@]}; i += 2)); do dial "${v[i]}" "${NUM[${v[i + 1]}]}"; done
	for ((i = 1; i < ${#v[@]}; i += 2)); do rings "${v[i]}"; accept "${v[i]}"; done
	for p in "${v[@]}"; do is_up "$p"; done
	sleep 2.2
	oh calls --json >"$T/calls.json"
	for p in "${v[@]}"; do codec_is "$p"; done
	for ((i = 0; i < ${#v[@]}; i += 2)); do hang_up "${v[i]}"; done
	within 5 calls_now 0 || bad "calls go on: $(oh calls)"
	sleep 0.4
	for ((i = 0; i < ${#v[@]}; i += 2)); do
		hears "${v[i]}" 'b{8,}' "${HZ[${v[i]}]}" "${HZ[${v[i + 1]}]}"
		hears "${v[i + 1]}" 'a{8,}' "${HZ[${v[i]}]}" "${HZ[${v[i + 1]}]}"
	done
}

# everybody with everybody in seven rounds: the first stays, the others go round the table
n=${#PHONES[@]}
rest=("${PHONES[@]:1}")
for ((r = 0; r < n - 1; r++)); do
	pairs=("${PHONES[0]}" "${rest[0]}")
	for ((k = 1; k < n / 2; k++)); do pairs+=("${rest[k]}" "${rest[n - 1 - k]}"); done
	text=
	for ((k = 0; k < n; k += 2)); do text+="${SAID[${pairs[k]}]}-${SAID[${pairs[k + 1]}]} "; done
	test_ "codecs: right tone both ways: ${text% }"
	one_round "${pairs[@]}"
	rest=("${rest[@]:1}" "${rest[0]}")
done
lp_end d
done_

# Calls between every pair of codecs: phones that may use one codec each, all of them in calls at the same time.
# What two phones share is relayed, everything else translated: both ends hear the right tone in any case.
# Seven phones are baresips, two linphonecs (one has another codec in each round), one is ours: nobody else speaks
# G.726 in the bit order of RFC 3551. baresip's has that of AAL2 under the same name: two of them understand each other.
# A pair that fails is tried once more by itself, as a busy machine may stop a phone for a second; then it has failed.
. "$HERE/lib.sh"
. "$HERE/linphone.sh"
need_ baresip

ADDR+=([e]=127.0.0.6 [f]=127.0.0.7 [g]=127.0.0.8 [h]=127.0.0.9 [i]=127.0.0.10 [j]=127.0.0.11 [k]=127.0.0.12 [l]=127.0.0.13 [m]=127.0.0.14
	[n]=127.0.0.15 [o]=127.0.0.16 [p]=127.0.0.17)
declare -A NUM=([a]=100 [b]=101 [c]=102 [d]=103 [e]=104 [f]=105 [g]=106 [h]=107 [i]=108 [j]=109 [k]=120 [l]=121 [m]=122 [n]=123 [o]=124 [p]=125)
declare -A HZ=([a]=440 [b]=560 [c]=680 [d]=800 [e]=920 [f]=1040 [g]=1160 [h]=1280 [i]=500 [j]=740
	[k]=440 [l]=560 [m]=680 [n]=800 [o]=920 [p]=1040)
declare -A KIND=([d]=linphone [i]=offhook [j]=linphone [k]=offhook [l]=offhook [m]=offhook [n]=offhook [o]=baresip [p]=baresip)
# as the phone calls it, as the extension's policy does, as the call shows it
declare -A CODEC=([a]=PCMU/8000 [b]=PCMA/8000 [c]=G722/16000 [e]=GSM/8000 [f]=opus/48000/2 [g]=L16/16000 [h]=PCMU/8000,opus/48000/2
	[i]=g726-32 [o]=G726-32/8000 [p]=G726-32/8000)
declare -A POLICY=([d]=speex/16000 [g]=l16/16000 [i]=g726-32)
declare -A SAID=([a]=PCMU [b]=PCMA [c]=G722 [d]=SPEEX [e]=GSM [f]=OPUS [g]=L16 [h]='PCMU|OPUS' [i]=G726-32 [o]=G726-32 [p]=G726-32)
PHONES=(a b c d e f g h i j)
LINPHONE=(speex/8000 opus gsm g722 speex/32000 speex/8000 alaw ulaw speex/16000) # of j, round by round
export TONE_SHARE=0.35 # GSM and Speex are made for speech; what is not the tone has next to nothing of it

# ---- what all kinds of phone can do

kind() { echo "${KIND[$1]:-baresip}"; }
ours() { # ours PHONE OPTIONS: the headless phone for one call
	local p=$1; shift
	: >"$T/$p.log"
	spawn "$T/$p.log" "$BIN" phone --headless --user "${NUM[$p]}" --password "secret-${NUM[$p]}-x" --listen "${ADDR[$p]}" \
		--codecs "${CODEC[$p]}" --tone "${HZ[$p]}" --record "$T/$p.wav" --wait 20 "$@"
	OURS[$p]=$CHILD
}
declare -A OURS
ours_said() { grep -q "$2" "$T/$1.log"; }
get_ready() { # get_ready PHONE calls|waits
	case $(kind "$1") in
	linphone) lp_mark "$1" ;;
	offhook) rm -f "$T/$1.wav"; [ "$2" = calls ] || { ours "$1" --answer; within 5 ours_said "$1" "waiting for calls" || bad "our phone $1 is not ready"; } ;;
	*) rm -f "$T/$1"/rec/*; mark "$1" ;;
	esac
}
dial() {
	case $(kind "$1") in
	linphone) lp "$1" "call sip:$2@127.0.0.1" ;;
	offhook) ours "$1" --call "$2" --seconds 30 ;;
	*) tell "$1" dial "$2" ;;
	esac
}
rings() {
	case $(kind "$1") in
	linphone) lp_saw "$1" "Receiving new incoming call|is contacting you" ;;
	offhook) ;;
	*) event "$1" CALL_INCOMING ;;
	esac
}
accept() {
	case $(kind "$1") in
	linphone) lp "$1" answer ;;
	offhook) ;;
	*) tell "$1" accept ;;
	esac
}
is_up() {
	case $(kind "$1") in
	linphone) lp_saw "$1" "Media streams established|Call .* connected|answered"; lp_sound "$1" ;;
	offhook) within 8 ours_said "$1" ^answered || bad "our phone $1 is in no call: $(tail -n 2 "$T/$1.log" | tr '\n' '|')" ;;
	*) event "$1" CALL_ESTABLISHED ;;
	esac
}
hang_up() {
	case $(kind "$1") in
	linphone) lp "$1" terminate ;;
	offhook) kill -TERM "${OURS[$1]}" 2>/dev/null ;;
	*) tell "$1" hangup ;;
	esac
}
over() { [ "$(kind "$1")" != offhook ] || end_of "${OURS[$1]}" 8 || bad "our phone $1 ends with $?"; }
recorded() {
	case $(kind "$1") in
	linphone) echo "$T/$1/heard.wav" ;;
	offhook) echo "$T/$1.wav" ;;
	*) ls -t "$T/$1"/rec/*dec.wav 2>/dev/null | head -n 1 ;;
	esac
}
hears() { # hears PHONE OTHER: the tone of the other for most of the time that there is sound, never its own
	local f m own other rest
	f=$(recorded "$1")
	m=$([ -s "$f" ] && "$TOOLS/tone" map "$f" "${HZ[$2]}" "${HZ[$1]}" 2>&1)
	other=${m//[^a]/} own=${m//[^b]/} rest=${m//[^?]/}
	[ ${#other} -ge 8 ] && [ ${#own} -eq 0 ] && [ ${#other} -ge $((3 * ${#rest})) ] && return
	[ ! -s "$f" ] || cp "$f" "$T/wrong-$1-$2.wav"
	bad "phone $1 (${SAID[$1]}) heard \"$m\", not the tone of $2 (${SAID[$2]})"
}
codec_is() { # codec_is PHONE: it is sent and sends what it knows
	jq -e --arg n "${NUM[$1]}" --arg c "${SAID[$1]}" '[.items[].legs[] | select(.number == $n) | .codec | test("^(" + $c + ")$"; "i")] == [true]' \
		"$T/calls.json" >/dev/null ||
		bad "phone $1 does not use ${SAID[$1]}: $(jq -c --arg n "${NUM[$1]}" '[.items[].legs[] | select(.number == $n) | .codec]' "$T/calls.json")"
}

# ---- calls

talk_() { # talk_ X Y X Y ...: these pairs talk at the same time. What went wrong with each pair is in WRONG
	local v=("$@") i p got=()
	WRONG=()
	ask() { # ask I COMMAND: with what it finds bad kept for the pair of the I-th phone
		local i=$(($1 / 2)) before=("${BAD[@]}"); shift
		BAD=(); "$@"
		[ ${#BAD[@]} -eq 0 ] || WRONG[i]="${WRONG[i]:-} ${BAD[*]};"
		BAD=("${before[@]}")
	}
	for ((i = 0; i < ${#v[@]}; i++)); do ask $i get_ready "${v[i]}" "$([ $((i % 2)) = 0 ] && echo calls || echo waits)"; done
	for ((i = 0; i < ${#v[@]}; i += 2)); do dial "${v[i]}" "${NUM[${v[i + 1]}]}"; done
	for ((i = 1; i < ${#v[@]}; i += 2)); do ask $i rings "${v[i]}"; accept "${v[i]}"; done
	for ((i = 0; i < ${#v[@]}; i++)); do ask $i is_up "${v[i]}"; done
	sleep 2.2
	oh calls --json >"$T/calls.json"
	for ((i = 0; i < ${#v[@]}; i++)); do ask $i codec_is "${v[i]}"; done
	for ((i = 0; i < ${#v[@]}; i += 2)); do hang_up "${v[i]}"; done
	within 5 calls_now 0 || bad "calls go on: $(oh calls)"
	for ((i = 0; i < ${#v[@]}; i++)); do ask $i over "${v[i]}"; done
	sleep 0.4
	for ((i = 0; i < ${#v[@]}; i++)); do ask $i hears "${v[i]}" "${v[i ^ 1]}"; done
}
one_round() { # as a test; who fails gets a second try alone
	local v=("$@") i text= wrong
	for ((i = 0; i < ${#v[@]}; i += 2)); do text+="${SAID[${v[i]}]}-${SAID[${v[i + 1]}]} "; done
	test_ "codecs: right tone both ways: ${text% }"
	talk_ "${v[@]}"
	wrong=("${!WRONG[@]}")
	for i in "${wrong[@]}"; do
		echo "second try of ${v[2 * i]} and ${v[2 * i + 1]}:${WRONG[i]}" >>"$T/second"
		[ "$(wc -l <"$T/second")" -le 6 ] || { bad "too many second tries:${WRONG[i]}"; continue; }
		talk_ "${v[2 * i]}" "${v[2 * i + 1]}"
		[ -z "${WRONG[0]:-}" ] || bad "${WRONG[0]}"
	done
}

server_start
numbers "${NUM[@]}"
test_ "codecs: ten phones with one codec each (one with two)"
LP_RC=$(i=0; for c in opus/48000/2 speex/16000/1 speex/8000/1 speex/32000/1 PCMU/8000/1 PCMA/8000/1 GSM/8000/1 G722/8000/1; do
	IFS=/ read -r n r ch <<<"$c"
	printf '[audio_codec_%d]\nmime=%s\nrate=%s\nchannels=%s\nenabled=1\n' $((i++)) "$n" "$r" "$ch"
done)
for p in "${PHONES[@]}"; do
	[ -z "${POLICY[$p]:-}" ] || check "codecs of ${NUM[$p]}" oh extension set "${NUM[$p]}" --codecs "${POLICY[$p]}"
	case $(kind $p) in
	linphone) linphone $p "${NUM[$p]}" udp "${HZ[$p]}" ;;
	baresip) CODECS=${CODEC[$p]} MODULES="g722 gsm opus l16" phone $p "${NUM[$p]}" udp "${HZ[$p]}" ;;
	esac
done

# everybody with everybody in nine rounds: the first stays, the others go round the table
n=${#PHONES[@]}
rest=("${PHONES[@]:1}")
for ((r = 0; r < n - 1; r++)); do
	pairs=("${PHONES[0]}" "${rest[0]}")
	for ((k = 1; k < n / 2; k++)); do pairs+=("${rest[k]}" "${rest[n - 1 - k]}"); done
	c=${LINPHONE[r]} SAID[j]=${LINPHONE[r]%/*}
	SAID[j]=${SAID[j]/alaw/PCMA} SAID[j]=${SAID[j]/ulaw/PCMU} SAID[j]=${SAID[j]^^}
	oh extension set 109 --codecs "$c" >>"$T/cli.log" 2>&1 || bad "109 may not have $c"
	one_round "${pairs[@]}"
	rest=("${rest[@]:1}" "${rest[0]}")
done
lp_end d
lp_end j

# what is left: the other rates of G.726, the order of AAL2, Speex and L16 of other rates; two baresips whose G.726 is relayed
for p in o p; do oh extension set "${NUM[$p]}" --codecs g726-32 >>"$T/cli.log"; done
for p in o p; do CODECS=${CODEC[$p]} MODULES=g726 phone $p "${NUM[$p]}" udp "${HZ[$p]}"; done
set -- g726-40 g726-16 aal2-g726-32 g726-24  speex/32000 aal2-g726-40 l16/48000 speex/8000  aal2-g726-16 l16/8000 l16/44100 aal2-g726-24
while [ $# -gt 0 ]; do
	for p in k l m n; do
		CODEC[$p]=$1 SAID[$p]=${1%/*} SAID[$p]=${SAID[$p]^^}
		oh extension set "${NUM[$p]}" --codecs "$1" >>"$T/cli.log" 2>&1 || bad "${NUM[$p]} may not have $1"
		shift
	done
	one_round k l m n o p
done
done_

# A conference of baresip, linphonec and offhook phones with different codecs: each hears all others and not itself.
. "$HERE/lib.sh"
. "$HERE/linphone.sh"
server_start
numbers 100 101 102 103 104
oh conference add 600 --name Team >>"$T/cli.log" 2>&1 || bad "no conference: $(tail -n 1 "$T/cli.log")"
declare -A HZ=([a]=400 [b]=700 [c]=1000 [d]=1300)
ALL=(a b c d)
head_() { # head_ SECONDS CODECS: an offhook phone in the conference, for so long; $CHILD
	: >"$T/head.log"; rm -f "$T/head.wav"
	spawn "$T/head.log" "$BIN" phone --headless --user 103 --password secret-103-x --listen "${ADDR[d]}" --call 600 --codecs "$2" \
		--tone "${HZ[d]}" --record "$T/head.wav" --seconds "$1"
}
members() { oh conference members 600 --json | jq -e "(.items // .) | length == $1"; }
talking() { oh conference members 600 --json | jq -e "[(.items // .)[] | select(.talking)] | length == $1"; }
hears_others() { # hears_others NAME FILE: the other three for two seconds at least, itself never
	local n=$1 v=() i=0 o
	read -r -a v < <("$TOOLS/tone" count "$2" "${HZ[a]}" "${HZ[b]}" "${HZ[c]}" "${HZ[d]}" 2>&1)
	for o in "${ALL[@]}"; do
		if [ "$o" = "$n" ]; then
			[ "${v[$i]:-x}" = 0 ] || bad "phone $n hears itself: ${v[*]}"
		else
			[ "${v[$i]:-0}" -ge 4 ] || bad "phone $n does not hear $o: ${v[*]}"
		fi
		i=$((i + 1))
	done
}
last_rec() { ls -t "$T/$1"/rec/*dec.wav 2>/dev/null | head -n 1; }
codecs() { oh calls --json | jq -r '[.items[].legs[].codec] | sort | join(",")'; }

test_ "conference of PCMU and G.722 (baresip), Opus (linphonec) and PCMA (offhook phone): each hears all others and not itself"
phone a 100 udp "${HZ[a]}"
MODULES=g722 CODECS=G722/16000 phone b 101 tcp "${HZ[b]}"
linphone c 102 udp "${HZ[c]}"
head_ 24 PCMA; head=$CHILD
within 8 members 1 || bad "the offhook phone is not in: $(tail -n 3 "$T/head.log")"
tell a dial 600; event a CALL_ESTABLISHED
tell b dial 600; event b CALL_ESTABLISHED
lp c "call sip:600@127.0.0.1"; lp_saw c "connected"; lp_sound c
within 8 members 4 || bad "not four members: $(oh conference members 600)"
within 5 talking 4 || bad "not all talk: $(oh conference members 600)"
sleep 4
check "codecs" same "$(codecs)" G722,OPUS,PCMA,PCMU
tell a hangup; tell b hangup; lp c terminate
end_of "$head" 30 || bad "the offhook phone ends with $?: $(tail -n 4 "$T/head.log" | tr '\n' '|')"
sleep 0.3
hears_others a "$(last_rec a)"
hears_others b "$(last_rec b)"
hears_others c "$T/c/heard.wav"
hears_others d "$T/head.wav"
within 5 members 0 || bad "somebody stays: $(oh conference members 600)"

test_ "conference: who is muted is not heard, who is taken out goes"
head_ 18 PCMU; head=$CHILD
within 8 members 1
tell a dial 600; event a CALL_ESTABLISHED
tell b dial 600; event b CALL_ESTABLISHED
within 8 members 3
within 8 talking 3 || bad "not all talk: $(oh conference members 600)"
sleep 1.5
oh conference mute 600 100 >>"$T/cli.log" 2>&1 || bad "mute: $(tail -n 1 "$T/cli.log")"
within 5 talking 2 || bad "who is muted talks on: $(oh conference members 600)"
mark b
oh conference kick 600 101 >>"$T/cli.log" 2>&1 || bad "kick: $(tail -n 1 "$T/cli.log")"
event b CALL_CLOSED 8
tell a hangup
end_of "$head" 20 || bad "the offhook phone ends with $?: $(tail -n 4 "$T/head.log" | tr '\n' '|')"
within 5 members 0
lp_end c
done_

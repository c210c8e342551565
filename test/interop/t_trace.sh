# What went over the wire for a call: the ladder, the file that tcpdump reads, secrets left out, the curve of the sound.
. "$HERE/lib.sh"
command -v tcpdump >/dev/null || { echo "FAILED   trace: tcpdump is not installed"; exit 0; }
server_start
numbers 100 101
oh extension set 101 --srtp required >>"$T/cli.log" 2>&1 || bad "no setting srtp"
api_() { curl -s --max-time 10 --unix-socket "$T/data/control.sock" "http://x/api/v1$1"; }
head_() { # head_ LOG NUMBER OPTIONS: a headless phone in the background; $CHILD
	local log=$1 n=$2; shift 2
	spawn "$T/$log" "$BIN" phone --headless --user "$n" --password "secret-$n-x" "$@"
}
head_ b.log 101 --listen 127.0.0.3 --transport tcp --srtp required --answer --tone 1000; called=$CHILD
within 5 registered 101 || bad "101 does not register: $(cat "$T/b.log")"
head_ a.log 100 --listen 127.0.0.2 --srtp required --call 101 --tone 440 --seconds 17; caller=$CHILD

test_ "a call that goes on: its messages by the first characters of its id, its sound so far"
within 10 sh -c "curl -s --unix-socket '$T/data/control.sock' http://x/api/v1/calls | jq -e '.items[0].state == \"up\"'" || bad "no call: $(cat "$T/a.log")"
id=$(api_ /calls | jq -r '.items[0].id')
check "ladder" oh calls trace "${id:0:6}"
grep -q 'INVITE sip:101@.*-->|' "$T/check.out" || bad "no INVITE of the caller: $(cat "$T/check.out")"
grep -q '|-*> INVITE sip:101@' "$T/check.out" || bad "no INVITE to the called one"
sleep 7
check "quality of now" jq -e '.live and (.legs | length) == 2 and ([.legs[] | .series.n >= 1 and (.series.mos[0] > 3.5)] | all)' <<<"$(api_ "/calls/$id/quality")"
end_of $caller 25 || bad "the caller fails: $(tail -n 4 "$T/a.log" | tr '\n' '|')"
end_of $called 10 || bad "the called one fails: $(tail -n 4 "$T/b.log" | tr '\n' '|')"

test_ "the same call after its end: both legs in order, RTCP with it"
api_ "/calls/$id/messages?rtcp=1" >"$T/messages.json"
check "legs" jq -e '[.legs[] | .number] == ["100", "101"] and (.legs[0].peer | startswith("127.0.0.2:")) and (.dropped | not)' "$T/messages.json"
check "each side" jq -e '[.messages[] | select(.kind == "sip" and .leg == 0) | .transport] | unique == ["udp"]' "$T/messages.json"
check "called by TCP" jq -e '[.messages[] | select(.kind == "sip" and .leg == 1) | .transport] | unique == ["tcp"]' "$T/messages.json"
check "in order" jq -e '[.messages[] | .at_ms * 1000 + .us] | . == sort' "$T/messages.json"
check "from INVITE to BYE" jq -e '[.messages[] | .summary] | (.[0] | startswith("INVITE sip:101@")) and any(. == "200 OK (INVITE)") and (last(.[] | select(startswith("RTCP") | not)) == "200 OK (BYE)")' "$T/messages.json"
for leg in 0 1; do
	check "RTCP of leg $leg, both ways" jq -e "[.messages[] | select(.kind == \"rtcp\" and .leg == $leg) | .direction] | unique == [\"in\", \"out\"]" "$T/messages.json"
done
check "only SIP unless asked" jq -e '[.messages[] | .kind] | unique == ["sip"]' <<<"$(api_ "/calls/$id/messages")"

test_ "no password, no answer to a challenge, no key is kept"
check "credentials were there" jq -e '[.messages[] | .text | select(test("Proxy-Authorization|Authorization"; "i"))] | length > 0 and all(test("Authorization: Digest .removed.\r\n"))' "$T/messages.json"
check "keys were there" jq -e '[.messages[] | .text | select(test("a=crypto"))] | length > 0 and all(test("inline:[*]{40}"))' "$T/messages.json"
grep -Eq 'response=|cnonce|inline:[A-Za-z0-9+/]|secret-' "$T/messages.json" && bad "a secret is in the messages"

test_ "tcpdump reads the file"
check "file" oh calls pcap "$id" "$T/call.pcapng"
# as root it becomes another user first, which the root of a namespace cannot
dump() { $AS tcpdump -nn -r "$T/call.pcapng" "$@"; }
AS="unshare -U"; dump -c 1 >/dev/null 2>&1 || AS=
dump -v >"$T/tcpdump.out" 2>"$T/tcpdump.err" || bad "tcpdump: $(cat "$T/tcpdump.err")"
grep -q 'bad udp cksum\|bad cksum\|truncated' "$T/tcpdump.out" && bad "checksums are wrong"
grep -q 'SIP, length: [0-9]*' "$T/tcpdump.out" || bad "no SIP in it: $(head -n 4 "$T/tcpdump.out")"
grep -q 'INVITE sip:101@' "$T/tcpdump.out" || bad "no INVITE in it"
check "as many packets as messages" same "$(dump udp 2>/dev/null | grep -c '^[0-9:.]* IP')" "$(jq '.messages | length' "$T/messages.json")"
grep -q 'secret-\|response=' "$T/call.pcapng" && bad "a secret is in the file"
oh calls pcap "$id" "$T/call.pcapng" >/dev/null 2>&1 && bad "a file that is there is written over"

test_ "the record keeps the curve; hours are counted; what is not there is not found"
within 5 sh -c "curl -s --unix-socket '$T/data/control.sock' http://x/api/v1/cdr/$id | jq -e .final" || bad "the record is not final"
check "curve" jq -e '[.legs[].series | .every_ms == 5000 and .n >= 3 and (.mos | length) == .n and all(.mos[]; . > 3.5)] | length == 2 and all' <<<"$(api_ "/cdr/$id")"
check "quality of a past call" jq -e '(.live | not) and [.legs[] | .mos > 3.5 and .series.n >= 3] == [true, true]' <<<"$(api_ "/calls/$id/quality")"
check "hours" jq -e '[.items[] | select(.direction == "internal")] | length == 1 and .[0].calls == 1 and .[0].answered == 1 and .[0].talk_ms > 15000 and .[0].mos > 3.5 and .[0].mos_n == 2 and .[0].bad == 0' <<<"$(api_ /stats/hours)"
check "no such call" jq -e '.error.code == "not_found"' <<<"$(api_ /calls/cnothing/messages)"
check "no such record" jq -e '.error.code == "not_found"' <<<"$(api_ /cdr/cnothing)"
oh calls trace cnothing >"$T/check.out" 2>&1 && bad "a ladder of nothing"
grep -q "There is no call cnothing" "$T/check.out" || bad "not told so: $(cat "$T/check.out")"

test_ "--capture-mb 0: nothing is kept, and it says so"
server_stop || bad "the server ends with $?"
server_start --capture-mb 0
check "said" jq -e '.error.message | test("--capture-mb")' <<<"$(api_ "/calls/$id/messages")"
done_

# `offhook phone --headless` with baresip and sipp, over mixed transports.
. "$HERE/lib.sh"
server_start
numbers 100 101 102
head_() { # head_ NUMBER OPTIONS: a headless phone in the background; $CHILD
	local n=$1; shift
	: >"$T/head.log"
	spawn "$T/head.log" "$BIN" phone --headless --user "$n" --password "secret-$n-x" --listen 127.0.0.5 "$@"
}
head_ok() { # head_ok PID
	local rc
	end_of "$1" 20; rc=$?
	[ $rc -eq 0 ] || bad "the headless phone ends with $rc: $(tail -n 6 "$T/head.log" | tr '\n' '|')"
}

test_ "headless (tls) verifies the server: it says what is wrong, and registers when told to trust"
"$BIN" phone --headless --user 102 --password secret-102-x --transport tls --tls-name pbx.example --answer --wait 2 >"$T/tls.log" 2>&1 && bad "an unknown certificate is taken"
grep -q "is self-signed, and we were not told to trust it" "$T/tls.log" || bad "not told why: $(tail -n 3 "$T/tls.log")"
head_ 102 --transport tls --tls-ca "$T/data/tls/cert.pem" --tls-name "$(oh certificate show --json | jq -r '.names[0]' | cut -d: -f2)" --answer; pid=$CHILD
within 5 registered 102 || bad "does not register: $(cat "$T/head.log")"
kill -TERM "$pid"; end_of "$pid" 5

test_ "headless (tcp) answers baresip (udp), both hear each other, baresip hangs up"
phone a 100 udp 440
head_ 101 --transport tcp --answer --tone 1000 --expect-tone 440 --record "$T/head.wav"; pid=$CHILD
within 5 registered 101 || bad "the headless phone does not register"
tell a dial 101
event a CALL_ESTABLISHED
sleep 2
mark a; tell a hangup
event a CALL_CLOSED
head_ok $pid
sleep 0.2
heard a 'b{10,}' 440 1000
grep -q 'a\{10,\}' <<<"$("$TOOLS/tone" map "$T/head.wav" 440 1000)" || bad "the headless phone recorded $("$TOOLS/tone" map "$T/head.wav" 440 1000)"
cdr "to the headless phone" '.from == "100" and .to == "101" and .outcome == "answered" and .ended_by == "caller" and .talk_ms >= 1500 and .talk_ms < 5000'

test_ "headless (udp) calls baresip (udp), holds and resumes, both hear each other, headless hangs up"
mark a
head_ 101 --call 100 --tone 1000 --expect-tone 440 --hold-after 2 --seconds 6; pid=$CHILD
event a CALL_INCOMING
tell a accept
event a CALL_ESTABLISHED
event a CALL_CLOSED 15
head_ok $pid
sleep 0.2
heard a 'b{10,}' 440 1000
grep -q '^change of the call: 200' "$T/head.log" || bad "hold was not accepted: $(tr '\n' '|' <"$T/head.log")"
cdr "from the headless phone" '.from == "101" and .to == "100" and .outcome == "answered" and .ended_by == "caller" and .talk_ms >= 5500 and .talk_ms < 9000'

test_ "baresip (udp) calls sipp (tcp), which hangs up"
sipp_register b 102 tcp
sipp_ b uas_hangs_up 102 102 tcp; uas=$CHILD
sound b 1000 20; snd=$CHILD
sleep 0.3
mark a; tell a dial 102
event a CALL_ESTABLISHED
event a CALL_CLOSED
sipp_ok $uas "called phone" b
sound_is b $snd 'a{8,}' 440
cdr "baresip to sipp" '.from == "100" and .to == "102" and .outcome == "answered" and .ended_by == "callee"'

test_ "headless over IPv6 (udp) calls baresip over IPv4, both hear each other"
mark a
: >"$T/head.log"
spawn "$T/head.log" "$BIN" phone --headless --user 101 --password secret-101-x --server "[::1]:5060" --listen ::1 --call 100 --tone 1000 --expect-tone 440 --seconds 3; pid=$CHILD
event a CALL_INCOMING
tell a accept
event a CALL_ESTABLISHED
event a CALL_CLOSED 10
head_ok $pid
sleep 0.2
heard a "b{10,}" 440 1000
cdr "from IPv6 to IPv4" ".from == \"101\" and .to == \"100\" and .outcome == \"answered\" and ([.legs[].quality.received] | all(. > 60))"

test_ "headless: a wrong password, an unknown number and a refusal have exit codes of their own"
"$BIN" phone --headless --user 101 --password wrong-wrong --listen 127.0.0.5 --call 100 --wait 5 >"$T/head.log" 2>&1
check "wrong password" same $? 5
"$BIN" phone --headless --user 101 --password secret-101-x --listen 127.0.0.5 --call 999 --wait 5 >"$T/head.log" 2>&1
check "unknown number" same $? 3
done_

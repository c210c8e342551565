# What the caller is told and what the record says: echo, busy, no answer, unreachable, cancel, declined, hang-up.
. "$HERE/lib.sh"
server_start
numbers 100 101 102 103
oh extension set 101 --ring-seconds 5 >/dev/null

test_ "*43: baresip hears itself"
phone a 100 udp 440
mark a; tell a dial '*43'
event a CALL_ESTABLISHED
sleep 4
mark a; tell a hangup
event a CALL_CLOSED
sleep 0.2
heard a 'a{12,}' 440
cdr "echo" '.from == "100" and .to == "*43" and .outcome == "answered" and .ended_by == "caller" and .talk_ms >= 3500 and (.legs[0].quality.received > 100)'

test_ "unreachable: a number whose phone is not registered gives 480"
tell a dial 101
event a 'CALL_CLOSED.*480'
cdr "not registered" '.to == "101" and .outcome == "unreachable" and .code == 480 and .talk_ms == 0 and .answer_ms == null'

test_ "a number that nobody has gives 404"
tell a dial 999
event a 'CALL_CLOSED.*404'
cdr "no such number" '.to == "999" and .outcome == "unreachable" and .code == 404'

phone b 101 udp 1000
test_ "no answer: the phone rings for as long as the extension says, then the caller gets 480 or 408"
mark a b; tell a dial 101
event b CALL_INCOMING
event a CALL_RINGING
event a 'CALL_CLOSED.*(480|408)' 9
event b CALL_CLOSED
cdr "no answer" '.to == "101" and .outcome == "no answer" and (.code == 480 or .code == 408) and .answer_ms == null and .duration_ms >= 4500 and .duration_ms < 9000'

test_ "busy: the called party rejects with 486"
mark a b; tell a dial 101
event b CALL_INCOMING
tell b hangup
event a 'CALL_CLOSED.*486'
cdr "busy" '.to == "101" and .outcome == "busy" and .code == 486 and .answer_ms == null'

test_ "cancel: the caller hangs up before the answer"
mark a b; tell a dial 101
event b CALL_INCOMING
event a CALL_RINGING
mark b; tell a hangup
event b CALL_CLOSED
cdr "cancelled" '.to == "101" and .outcome == "cancelled" and .code == 487 and .ended_by == "caller" and .answer_ms == null'

sipp_register c 102 udp
refusal() { # refusal STATUS CODE OUTCOME
	test_ "refusal: the phone says $1, the caller hears $2"
	local uas
	STATUS=$1 sipp_ c uas_refuses 102 102 udp; uas=$CHILD
	sleep 0.2
	mark a; tell a dial 102
	event a "CALL_CLOSED.*$2"
	sipp_ok $uas "called phone" c
	cdr "refused" ".to == \"102\" and .outcome == \"$3\" and .code == $2 and .answer_ms == null"
}
refusal "603 Decline" 603 declined
refusal "486 Busy Here" 486 busy
refusal "500 Server Internal Error" 500 failed

test_ "hang-up by the called party"
sipp_ c uas_hangs_up 102 102 udp; uas=$CHILD
sleep 0.2
mark a; tell a dial 102
event a CALL_ESTABLISHED
event a CALL_CLOSED
sipp_ok $uas "called phone" c
cdr "callee hung up" '.outcome == "answered" and .ended_by == "callee" and .talk_ms >= 1200 and .talk_ms < 3000'

test_ "hang-up from the command line"
mark a b; tell a dial 101
event b CALL_INCOMING
tell b accept
event a CALL_ESTABLISHED
mark a b
check "hangup" oh hangup "$(oh calls --json | jq -r '.items[0].id')"
event a CALL_CLOSED
event b CALL_CLOSED
cdr "hung up by the administrator" '.outcome == "answered" and .ended_by != "caller" and .ended_by != "callee"'

test_ "a wrong password is refused"
PASSWORD=wrong-password sipp_ d register 103 103 udp
end_of $CHILD 10 && bad "sipp registered with a wrong password"
registered 103 && bad "103 is registered: $(oh registrations --json | tr -d "\n")"
done_

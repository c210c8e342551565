# twinkle-console over UDP: registers, hears itself, calls and is called, holds.
. "$HERE/lib.sh"
. "$HERE/twinkle.sh"
both='(.legs | length) == 2 and ([.legs[].quality | .received > 60 and .sent > 60] | all)'

server_start
numbers 100 101
phone b 101 udp 1000
test_ "twinkle over udp: registers and calls *43"
twinkle a 100 500 # whole waves in a packet: between them it skips some of the file
tw a "call *43"
tw_saw a "far end answered"
sleep 2.5
tw a bye
tw_saw a "call ended"
cdr "100 to *43" '.from == "100" and .answered_by == "echo" and .outcome == "answered" and .ended_by == "caller" and .legs[0].quality.received > 60'

test_ "twinkle over udp calls baresip, which hears its tone"
mark b
tw a "call 101"
event b CALL_INCOMING
tell b accept
tw_saw a "far end answered"
sleep 2.5
mark b; tw a bye
event b CALL_CLOSED
cdr "100 to 101" ".from == \"100\" and .answered_by == \"101\" and .outcome == \"answered\" and .ended_by == \"caller\" and $both"
sleep 0.2
heard b 'a{8,}' 500 1000

test_ "baresip calls twinkle over udp, which holds and goes on"
tw_mark a
tell b dial 100
tw_saw a "[Ii]ncoming call"
tw a answer
event b CALL_ESTABLISHED
sleep 1.5
tw a hold
within 4 eval '[ "$(oh calls --json | jq -r "[.items[0].legs[].state] | index(\"on hold\")")" != null ]' || bad "not on hold: $(oh calls)"
sleep 0.5
tw a retrieve
within 4 eval '[ "$(oh calls --json | jq -r "[.items[0].legs[].state] | unique | join(\" \")")" = talking ]' || bad "held for ever: $(oh calls)"
sleep 1
tell b hangup
tw_saw a "ended call|call ended"
cdr "101 to 100" ".from == \"101\" and .answered_by == \"100\" and .outcome == \"answered\" and .ended_by == \"caller\" and $both"
tw_end a
done_

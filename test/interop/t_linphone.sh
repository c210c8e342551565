# linphonec, a phone of other origin than baresip, over UDP, TCP and TLS: registers, hears itself, calls and is called.
. "$HERE/lib.sh"
. "$HERE/linphone.sh"

echo_call() { # echo_call NAME NUMBER HZ
	lp "$1" "call sip:*43@127.0.0.1"
	lp_saw "$1" "connected"
	lp_sound "$1"
	sleep 3
	lp "$1" terminate
	lp_saw "$1" "ended"
	cdr "$2 to *43" ".from == \"$2\" and .to == \"*43\" and .answered_by == \"echo\" and .outcome == \"answered\" and .ended_by == \"caller\" and .legs[0].quality.received > 100 and .legs[0].quality.lost <= 8"
	lp_heard "$1" 'a{8,}' "$3"
}
both='(.legs | length) == 2 and ([.legs[].quality | .received > 60 and .lost <= 8] | all)'
out_call() { # out_call NAME NUMBER: to baresip b
	mark b
	lp "$1" "call sip:101@127.0.0.1"
	event b CALL_INCOMING
	lp_saw "$1" "in progress"
	tell b accept
	lp_saw "$1" "connected"
	lp_sound "$1"
	sleep 2.5
	lp "$1" terminate
	event b CALL_CLOSED
	cdr "$2 to 101" ".from == \"$2\" and .answered_by == \"101\" and .outcome == \"answered\" and .ended_by == \"caller\" and $both"
	lp_heard "$1" 'b{10,}' 440 1000
}
in_call() { # in_call NAME NUMBER: from baresip b
	lp_mark "$1"
	tell b dial "$2"
	lp_saw "$1" "Receiving new incoming call"
	lp "$1" answer
	event b CALL_ESTABLISHED
	lp_sound "$1"
	sleep 2.5
	tell b hangup
	lp_saw "$1" "ended"
	cdr "101 to $2" ".from == \"101\" and .answered_by == \"$2\" and .outcome == \"answered\" and .ended_by == \"caller\" and $both"
	lp_heard "$1" 'b{10,}' 440 1000
}

certificate_ localhost
server_start
numbers 100 101 102 103
phone b 101 udp 1000
test_ "linphonec over udp: registers and hears itself at *43"
linphone a 100 udp 440
echo_call a 100 440
test_ "linphonec over udp calls baresip"
out_call a 100
test_ "baresip calls linphonec over udp"
in_call a 100
lp_end a

test_ "linphonec over tcp: registers and hears itself at *43"
linphone c 102 tcp 440
echo_call c 102 440
test_ "linphonec over tcp calls baresip, and is called"
out_call c 102
in_call c 102
lp_end c

test_ "linphonec over tls: checks the server's certificate, registers and hears itself at *43"
linphone d 103 tls 440 "$T/data/tls/cert.pem"
same "$(oh registrations --json | jq -r '.items[] | select(.extension == "103") | .transport')" tls >/dev/null || bad "103 is not registered over TLS"
echo_call d 103 440
test_ "linphonec over tls calls baresip, and is called"
out_call d 103
in_call d 103
lp_end d
done_

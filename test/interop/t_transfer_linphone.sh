# linphonec as transferor between two baresip phones: at once, after asking, and to a number that does not exist.
. "$HERE/lib.sh"
. "$HERE/linphone.sh"
server_start
numbers 100 101 102 103
phone a 100 udp 440
phone c 102 udp 1000

legs_of() { oh calls --json | jq -c '[.items[0].legs[] | .number] | sort'; }
between() { same "$(legs_of)" "[\"100\",\"$1\"]"; }
sent() { oh calls --json | jq ".items[0].legs[$1].sent // 0"; }
called() { # called NAME NUMBER: 100 calls linphonec, which answers
	mark a; lp_mark "$1"
	tell a dial "$2"
	lp_saw "$1" "Receiving new incoming call"
	lp "$1" answer
	event a CALL_ESTABLISHED
	sleep 1
}
over() { # over TEXT FILTER: 102 hangs up, and the record is right
	mark c; tell c hangup
	event c CALL_CLOSED
	cdr "$1" "$2"
}

transfers() { # transfers NAME NUMBER TRANSPORT
	local x=$1 n=$2 tp=$3 before ids
	linphone "$x" "$n" "$tp" 660

	test_ "linphonec over $tp sends the caller to 102 at once"
	called "$x" "$n"
	mark c; lp "$x" "transfer 102"
	event c CALL_INCOMING
	tell c accept
	event c CALL_ESTABLISHED
	within 6 between 102 || bad "the parties are $(legs_of)"
	sleep 2.5
	over "at once" ".from == \"100\" and .to == \"$n\" and .answered_by == \"102\" and .transfers[0].by == \"$n\" and .transfers[0].code == 200 and (.legs | length) == 3"
	sleep 0.3
	heard a 'b{8,}' 440 1000
	heard c '^a{8,}' 440 1000

	test_ "linphonec over $tp sends the caller to a number that does not exist, and has it back"
	called "$x" "$n"
	lp "$x" "transfer 4711"
	sleep 1.5
	within 3 between "$n" || bad "the parties are $(legs_of)"
	before=$(flow 0); sleep 1.2
	[ "$(flow 0)" -gt "$before" ] || bad "no sound after it: $before, $(flow 0)"
	tell a hangup
	within 5 calls_now 0 || bad "calls are left"
	cdr "no such number" ".answered_by == \"$n\" and .transfers[0].code == 404"

	test_ "linphonec over $tp asks 102 first, then joins the caller with it"
	called "$x" "$n"
	lp "$x" pause
	sleep 0.5
	mark c; lp "$x" "call sip:102@127.0.0.1"
	event c CALL_INCOMING
	tell c accept
	event c CALL_ESTABLISHED
	sleep 1
	lp "$x" calls
	sleep 0.5
	ids=($(lp_out "$x" | grep -a -o -E '^[0-9]+ +\|' | grep -o '[0-9]*'))
	lp "$x" "transfer ${ids[0]:-1} --to-call ${ids[1]:-2}"
	within 6 between 102 || bad "the parties are $(legs_of): $(lp_out "$x" | tail -n 3)"
	within 3 calls_now 1 || bad "calls: $(oh calls)"
	sleep 2.5
	[ "$(sent 0)" -ge 80 ] && [ "$(sent 1)" -ge 80 ] || bad "sound sent to the two: $(sent 0), $(sent 1)"
	mark c; tell c hangup
	event c CALL_CLOSED
	sleep 0.3
	heard c 'a{8,}' 440 1000
	lp_end "$x"
}
transfers b 101 udp
transfers d 103 tcp
done_

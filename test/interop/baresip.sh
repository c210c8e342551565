# baresip.sh: two baresip phones over one transport; $1 is the transport.
. "$HERE/lib.sh"

# a_call CALLER CALLEE FROM TO WHO: a whole call with sound, hold and resume by WHO
a_call() {
	local x=$1 y=$2 holder=$5 n0 n1 m0 m1
	mark $x $y
	tell $x dial "$4"
	event $y CALL_INCOMING
	event $x CALL_RINGING
	tell $y accept
	event $x CALL_ESTABLISHED
	event $y CALL_ESTABLISHED
	sleep 1.3
	tell "$holder" hold
	sleep 1.3 # figures of live calls are a second old at most
	n0=$(flow 0) n1=$(flow 1); sleep 1.1; m0=$(flow 0) m1=$(flow 1)
	same "$n0 $n1" "$m0 $m1" >/dev/null || bad "packets flow while held: $n0 $n1, then $m0 $m1"
	tell "$holder" resume
	within 4 flows $((m0 + 30)) $((m1 + 30)) || bad "no sound after resume: $m0 $m1, then $(flow 0) $(flow 1)"
}
flows() { [ "$(flow 0)" -ge "$1" ] && [ "$(flow 1)" -ge "$2" ]; }

two_phones() {
	local tp=$1 whole
	server_start
	numbers 100 101
	test_ "baresip over $tp: two phones register with digest"
	phone a 100 "$tp" 440
	phone b 101 "$tp" 1000
	check "transport" oh registrations --json
	same "$(oh registrations --json | jq -r '.items[].transport' | sort -u)" "$tp" >/dev/null || bad "registered over another transport"

	test_ "baresip over $tp: 100 calls 101, both hear the other's tone, the caller holds and resumes, the caller hangs up"
	a_call a b 100 101 a
	mark b; tell a hangup
	event b CALL_CLOSED
	sleep 0.2
	heard a '^b{10,}' 440 1000
	heard b '^a{10,}' 440 1000
	whole='.outcome == "answered" and .code == 200 and .talk_ms >= 3200 and .talk_ms < 8000 and .duration_ms >= .talk_ms and (.legs | length) == 2 and ([.legs[].codec] | unique) == ["PCMU"] and ([.legs[].quality | .received > 80 and .lost <= 8 and .mos > 3.5] | all)'
	cdr "100 to 101" ".from == \"100\" and .to == \"101\" and .answered_by == \"101\" and .ended_by == \"caller\" and $whole"

	test_ "baresip over $tp: 101 calls 100, both hear the other's tone, the called party holds and resumes, the called party hangs up"
	a_call b a 101 100 a
	mark b; tell a hangup
	event b CALL_CLOSED
	sleep 0.2
	heard a '^b{10,}' 440 1000
	heard b '^a{10,}' 440 1000
	cdr "101 to 100" ".from == \"101\" and .to == \"100\" and .answered_by == \"100\" and .ended_by == \"callee\" and $whole"
	done_
}

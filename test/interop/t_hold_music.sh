# Music on hold: who is held by baresip or linphonec hears it, and the other party again afterwards; a conference with its
# PIN, asked for by the recorded or spoken prompt.
. "$HERE/lib.sh"
. "$HERE/linphone.sh"
server_start
numbers 100 101 102
mkdir -p "$T/data/sounds/moh" "$T/data/sounds/en"
"$TOOLS/tone" make "$T/data/sounds/moh/music.wav" 1500 20
"$TOOLS/tone" make "$T/data/sounds/en/conf-getpin.wav" 700 2
"$TOOLS/tone" make "$T/data/sounds/en/conf-onlyperson.wav" 900 1
on_hold() { [ "$(oh calls --json | jq -r '[.items[0].legs[].state] | index("on hold")')" != null ]; }
talking() { ! on_hold; }
# baresip ends its record at the first change of a call: what it is sent while it is held is counted instead
sent() { oh calls --json | jq "[.items[0].legs[] | select(.number == \"$1\") | .sent][0] // 0"; }
fed() { # fed NUMBER: it is sent sound, at the pace of sound
	local n0 n1
	sleep 1.2; n0=$(sent "$1"); sleep 2; n1=$(sent "$1")
	[ $((n1 - n0)) -ge 45 ] && [ $((n1 - n0)) -le 160 ] || bad "$1 is sent $((n1 - n0)) packets in two seconds on hold"
}
starved() {
	local n0 n1
	sleep 1.2; n0=$(sent "$1"); sleep 2; n1=$(sent "$1")
	[ "$n0" = "$n1" ] || bad "$1 is sent $((n1 - n0)) packets on hold"
}
resumed() { # resumed: sound flows both ways again
	local n0 n1
	n0=$(flow 0) n1=$(flow 1)
	within 5 more_than "$n0" "$n1" || bad "no sound after resume: $n0 $n1, then $(flow 0) $(flow 1)"
}
more_than() { [ "$(flow 0)" -ge $(($1 + 40)) ] && [ "$(flow 1)" -ge $(($2 + 40)) ]; }
phone a 100 udp 440
phone b 101 udp 1000

held_by_baresip() { # held_by_baresip WHO: 100 calls 101
	local other=101
	[ "$1" = a ] || other=100
	mark a b
	tell a dial 101
	event b CALL_INCOMING
	tell b accept
	event a CALL_ESTABLISHED
	sleep 1.5
	tell "$1" hold
	within 4 on_hold || bad "not on hold: $(oh calls)"
	fed $other
	tell "$1" resume
	within 4 talking || bad "still on hold: $(oh calls)"
	resumed
	mark b; tell a hangup
	event b CALL_CLOSED
	cdr "100 to 101" '.from == "100" and .outcome == "answered" and .ended_by == "caller"'
}
test_ "baresip holds baresip, which hears music and then the caller again"
held_by_baresip a
test_ "the called baresip holds the caller"
held_by_baresip b

test_ "linphonec holds baresip, which hears music and then linphonec again"
linphone c 102 udp 660
mark b
lp c "call sip:101@127.0.0.1"
event b CALL_INCOMING
tell b accept
lp_saw c "connected"
lp_sound c
sleep 2
lp c "pause"
within 6 on_hold || bad "not on hold: $(oh calls)"
fed 101
lp c "resume"
within 6 talking || bad "still on hold: $(oh calls)"
resumed
lp c terminate
event b CALL_CLOSED

test_ "baresip holds linphonec, which hears music"
lp_mark c
mark b; tell b dial 102
lp_saw c "Receiving new incoming call"
lp c answer
event b CALL_ESTABLISHED
lp_sound c
sleep 1.5
tell b hold
within 4 on_hold || bad "not on hold: $(oh calls)"
sleep 2.5
tell b resume
within 4 talking || bad "still on hold: $(oh calls)"
sleep 2
tell b hangup
lp_saw c "ended"
lp_heard c 'a{5,}.{0,15}b{15,}.{0,15}a{5,}' 1000 1500
lp_end c

test_ "music is switched off: who is held hears none"
check "settings" oh settings set --hold-music false
mark a b
tell a dial 101
event b CALL_INCOMING
tell b accept
event a CALL_ESTABLISHED
sleep 1
tell a hold
within 4 on_hold || bad "not on hold: $(oh calls)"
starved 101
mark b; tell a hangup
event b CALL_CLOSED

test_ "a conference asks for its PIN; without one the caller is told to be alone; members are shown and taken out"
check "conference" oh conference add 800 --name Team --pin 1234
mark a
tell a dial 800
event a CALL_ESTABLISHED
sleep 1.5
mark a; tell a hangup
sleep 0.5
heard a 'a{8,}' 700
check "no PIN" oh conference set 800 --pin ""
tell a dial 800
event a CALL_ESTABLISHED
within 5 eval '[ "$(oh conference members 800 --json | jq ".items | length")" = 1 ]' || bad "not a member: $(oh conference members 800)"
sleep 1.5
mark a
check "kick" oh conference kick 800 100
event a CALL_CLOSED
heard a 'a{6,}' 900
done_

# SRTP with keys by SDES: baresip and linphonec, each with the other and with phones that speak plain RTP; each suite
# that they know; the four settings of an extension; a key change in mid-call.
. "$HERE/lib.sh"
. "$HERE/linphone.sh"
MODULES=srtp BARESIP=-s

# talk CALLER CALLEE NUMBER: baresip to baresip, both hear the other's tone
talk() {
	mark "$1" "$2"
	tell "$1" dial "$3"
	event "$2" CALL_INCOMING
	tell "$2" accept
	event "$1" CALL_ESTABLISHED
	event "$2" CALL_ESTABLISHED
	sleep "${4:-1.5}"
	mark "$2"; tell "$1" hangup
	event "$2" CALL_CLOSED
	sleep 0.2
}
said() { # said NAME PATTERN: in a description that baresip sent or got, coloured as its trace is
	grep -a -q "$2" "$T/$1/log" || bad "phone $1: no \"$2\" in its trace"
}
# of the two who talked; one who refused SRTP first is a third leg
both='([.legs[] | select(.code == 200) | .quality | .received > 50 and .lost <= 8] | length == 2 and all)'

certificate_ localhost
server_start --log-level debug
numbers 100 101 102 103 104
oh extension set 100 --srtp offered >>"$T/cli.log" 2>&1 || bad "no setting srtp"
oh extension set 102 --srtp required >>"$T/cli.log" 2>&1 || bad "no setting srtp"

test_ "srtp: baresip with SRTP calls one without, and is called"
phone a 100 udp 440 ";mediaenc=srtp-mand"
phone b 101 udp 1000
talk a b 101
heard a '^b{10,}' 440 1000
heard b '^a{10,}' 440 1000
cdr "100 to 101" ".outcome == \"answered\" and $both"
talk b a 100
heard a '^b{10,}' 440 1000
heard b '^a{10,}' 440 1000
cdr "101 to 100" ".outcome == \"answered\" and $both"

test_ "srtp: two baresips with SRTP, hold and resume"
phone c 102 udp 2000 ";mediaenc=srtp-mand"
mark a c
tell a dial 102
event c CALL_INCOMING
tell c accept
event a CALL_ESTABLISHED
event c CALL_ESTABLISHED
sleep 1.2
tell a hold
sleep 1
tell a resume
sleep 2
mark c; tell a hangup
event c CALL_CLOSED
sleep 0.2
heard a 'b{10,}' 440 2000
heard c 'a{10,}' 440 2000
cdr "100 to 102" ".outcome == \"answered\" and $both"
said c "m=audio [0-9]* RTP/SAVP "
said c "a=crypto:1 AEAD_AES_256_GCM"

test_ "srtp: who must have it gets no plain call"
mark b
oh extension set 101 --srtp required >>"$T/cli.log" 2>&1
tell b dial 100
event b CALL_CLOSED
cdr "101 to 100" '.outcome != "answered" and .code == 488'
mark a
tell a dial 101
event a CALL_CLOSED
cdr "100 to 101" '.outcome != "answered" and .code == 488'

test_ "srtp: offered to a phone without it, which is then called with RTP"
oh extension set 101 --srtp offered >>"$T/cli.log" 2>&1
talk a b 101
heard a '^b{10,}' 440 1000
heard b '^a{10,}' 440 1000
cdr "100 to 101" ".outcome == \"answered\" and $both"

test_ "srtp: off: a phone that insists on it is refused"
oh extension set 100 --srtp off >>"$T/cli.log" 2>&1
mark a
tell a dial 101
event a CALL_CLOSED
cdr "100 to 101" '.outcome != "answered" and .code == 488'
oh extension set 100 --srtp best_effort >>"$T/cli.log" 2>&1

for suite in AES_CM_128_HMAC_SHA1_80 AES_CM_128_HMAC_SHA1_32 AES_256_CM_HMAC_SHA1_80 AES_256_CM_HMAC_SHA1_32; do
	test_ "srtp: linphonec with $suite talks with baresip without SRTP"
	LP_SIP=$'media_encryption=srtp\nmedia_encryption_mandatory=1\nsrtp_crypto_suites='$suite linphone d 103 udp 700
	mark b
	lp d "call sip:101@127.0.0.1"
	event b CALL_INCOMING
	tell b accept
	lp_saw d "connected"
	lp_sound d
	sleep 2
	lp d terminate
	event b CALL_CLOSED
	cdr "103 to 101" ".outcome == \"answered\" and $both"
	grep -a -q "crypto:[0-9]* $suite" "$T/d/core.log" || bad "no $suite in what it said"
	lp_heard d 'b{8,}' 700 1000
	sleep 0.2
	heard b 'a{8,}' 700 1000
	lp_end d
	rm -rf "$T/d"
done

test_ "srtp: linphonec and baresip, both with SRTP"
LP_SIP=$'media_encryption=srtp\nmedia_encryption_mandatory=1' linphone d 103 udp 700
mark c
lp d "call sip:102@127.0.0.1"
event c CALL_INCOMING
tell c accept
lp_saw d "connected"
lp_sound d
sleep 2
lp d terminate
event c CALL_CLOSED
cdr "103 to 102" ".outcome == \"answered\" and $both"
lp_heard d 'b{8,}' 700 2000
sleep 0.2
heard c 'a{8,}' 700 2000
oh extension set 103 --srtp required >>"$T/cli.log" 2>&1
lp_mark d
tell b dial 103
lp_saw d "Receiving new incoming call"
lp d answer
event b CALL_ESTABLISHED
lp_sound d
sleep 2
tell b hangup
lp_saw d "ended"
cdr "101 to 103" ".outcome == \"answered\" and $both"
lp_heard d 'b{8,}' 700 1000
lp_end d

test_ "srtp: over TLS a key is offered beside RTP, and taken"
phone d 104 tls 700 ";mediaenc=srtp"
oh extension set 101 --srtp best_effort >>"$T/cli.log" 2>&1
talk b d 104
heard b 'b{8,}' 1000 700
heard d 'b{8,}' 700 1000
cdr "101 to 104" ".outcome == \"answered\" and $both"
said d "m=audio [0-9]* RTP/AVP "
said d "a=crypto:1 AEAD_AES_256_GCM"

test_ "srtp: no key in what the server says"
if grep -a -q "inline:" "$T/server.log"; then bad "a key in the log"; fi
done_

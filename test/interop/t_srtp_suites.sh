# SRTP in each suite with the headless phone, which knows all of them, and a baresip that speaks plain RTP: the phone as
# caller and, with the three suites that the server offers, as called party. baresip and linphonec know only some suites (t_srtp.sh).
. "$HERE/lib.sh"

head_() { # head_ SUITE OPTIONS: in the background; $CHILD
	local suite=$1; shift
	: >"$T/head.log"
	spawn "$T/head.log" "$BIN" phone --headless --user 101 --password secret-101-x --listen 127.0.0.5 --srtp required --srtp-suites "$suite" \
		--tone 1000 --expect-tone 440 --wait 20 "$@"
}
head_ok() {
	local rc
	end_of "$1" 15; rc=$?
	[ $rc -eq 0 ] || bad "the headless phone ends with $rc: $(tail -n 6 "$T/head.log" | tr '\n' '|')"
	grep -q "encrypted" "$T/head.log" || bad "nothing was encrypted: $(tail -n 6 "$T/head.log" | tr '\n' '|')"
}
said() { grep -q "$1" "$T/head.log"; }

server_start
numbers 100 101
phone a 100 udp 440
for suite in AES_CM_128_HMAC_SHA1_80 AES_CM_128_HMAC_SHA1_32 AES_256_CM_HMAC_SHA1_80 AES_256_CM_HMAC_SHA1_32 AEAD_AES_128_GCM AEAD_AES_256_GCM; do
	test_ "srtp: $suite and RTP, with the headless phone"
	oh extension set 101 --srtp best_effort >>"$T/cli.log" 2>&1
	rm -f "$T"/a/rec/*; mark a
	head_ $suite --call 100 --seconds 2; pid=$CHILD
	event a CALL_INCOMING
	tell a accept
	event a CALL_CLOSED 12
	head_ok $pid
	sleep 0.2
	heard a 'b{8,}' 440 1000
	case $suite in AES_CM_128_HMAC_SHA1_80 | AEAD_*) ;; *) continue ;; esac
	oh extension set 101 --srtp required >>"$T/cli.log" 2>&1
	rm -f "$T"/a/rec/*; mark a
	head_ $suite --answer; pid=$CHILD
	within 5 said "waiting for calls" || bad "the headless phone does not register"
	tell a dial 101
	event a CALL_ESTABLISHED
	sleep 2
	mark a; tell a hangup
	event a CALL_CLOSED
	head_ok $pid
	sleep 0.2
	heard a 'b{8,}' 440 1000
done
done_

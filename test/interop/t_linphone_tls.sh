# linphonec over TLS: it registers, calls a baresip on TLS and hears it, and is called by it.
. "$HERE/lib.sh"

# linphone NAME NUMBER: a linphonec that registers over TLS; commands go to descriptor $LIN
linphone() {
	local d=$T/$1
	mkdir -p "$d/.local/share/linphone"
	cat >"$d/rc" <<-X
		[sip]
		verify_server_certs=0
		verify_server_cn=0
		sip_port=5080
		sip_tcp_port=5080
		sip_tls_port=5081
		default_proxy=0
		[rtp]
		audio_rtp_port=7078
		[video]
		enabled=0
		display=0
		capture=0
		[proxy_0]
		reg_proxy=<sip:127.0.0.1;transport=tls>
		reg_identity=sip:$2@127.0.0.1
		reg_expires=600
		reg_sendregister=1
		[auth_info_0]
		username=$2
		passwd=secret-$2-x
		domain=127.0.0.1
	X
	mkfifo "$d/in"
	# it must not find sound devices, nor write into the home of who runs the tests
	HOME=$d linphonec -c "$d/rc" <"$d/in" >"$d/log" 2>&1 &
	PIDS+=($!)
	exec {LIN}>"$d/in"
	within 15 registered "$2" || bad "linphonec ($2) does not register: $(tail -n 5 "$d/log")"
}
say() { echo "$1" >&"$LIN"; }
talks() { [ "$(oh calls --json | jq '[.items[] | select(.state == "up")] | length')" = 1 ]; }

need_ linphonec
# without a way out linphone thinks that there is no network, and closes its connections
ip link add out0 type veth peer name out1 && ip addr add 192.0.2.1/24 dev out0 && ip link set out0 up && ip link set out1 up && ip route add default dev out0
server_start
numbers 100 101
test_ "linphone over tls: it registers with digest"
phone b 101 tls 1000
linphone l 100
same "$(oh registrations 100 --json | jq -r '.items[].transport')" tls >/dev/null || bad "registered over another transport"

test_ "linphone over tls: it calls a phone on TLS, sound flows, it hangs up"
say "soundcard use files"
mark b
say "call 101"
event b CALL_INCOMING 10
tell b accept
event b CALL_ESTABLISHED
within 8 talks || bad "not answered: $(tail -n 5 "$T/l/log")"
sleep 2.5
[ "$(flow 1)" -ge 60 ] || bad "only $(flow 1) packets from baresip"
mark b
say "terminate all"
event b CALL_CLOSED
cdr "100 to 101" '.from == "100" and .to == "101" and .outcome == "answered" and .ended_by == "caller"'

test_ "linphone over tls: it is called over its connection, answers, and the caller hangs up"
sleep 5 # the connection of the registration stays
mark b
tell b dial 100
event b CALL_RINGING 10
sleep 0.5
say "answer"
event b CALL_ESTABLISHED
sleep 1.5
mark b; tell b hangup
event b CALL_CLOSED
cdr "101 to 100" '.from == "101" and .to == "100" and .outcome == "answered" and .ended_by == "caller"'
say "quit"
done_

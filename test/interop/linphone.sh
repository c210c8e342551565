# linphone.sh: Debian's linphonec as a phone; for scripts that have lib.sh already.
#
#	linphone NAME NUMBER TRANSPORT HZ [CA]   begins one, which registers; CA: file that the server's certificate is checked with;
#	                                         LP_SIP: more lines for the part [sip] of its settings;
#	                                         LP_RC: more parts
#	lp NAME TEXT                             types a command: "call sip:101@127.0.0.1" "answer" "terminate" "transfer 1 sip:102@127.0.0.1" ...
#	lp_saw NAME PATTERN [SECONDS]            it printed that since the last command
#	lp_sound NAME                            plays its tone into the call and records what it hears, to $T/NAME/heard.wav
#	lp_heard NAME PATTERN HZ...              that record, as `tone map` writes it
#	lp_end NAME                              ends it
#
# It takes files instead of a sound card. It goes to the network only if there is a way out: the loopback gets one.
need_ linphonec openssl
ip route get 192.0.2.1 >/dev/null 2>&1 || { ip addr add 10.99.0.1/24 dev lo && ip route add default dev lo src 10.99.0.1; }
declare -A LP_FD LP_PID LP_MARK

linphone() {
	local d=$T/$1 ip=${ADDR[$1]} proxy=127.0.0.1 fd
	[ "$3" != tls ] || proxy=localhost:5061 # it compares names in certificates, not addresses: see certificate_
	mkdir -p "$d/.local/share/linphone" "$d/.config/linphone"
	[ -e "$T/$4.wav" ] || "$TOOLS/tone" make "$T/$4.wav" "$4" 60
	rm -f "$d/in"; mkfifo "$d/in"
	echo "$T/$4.wav" >"$d/tone"
	cat >"$d/rc" <<-X
		[sip]
		sip_port=$([ "$3" = udp ] && echo 5070 || echo 0)
		sip_tcp_port=$([ "$3" = tcp ] && echo 5070 || echo 0)
		sip_tls_port=$([ "$3" = tls ] && echo 5071 || echo 0)
		guess_hostname=0
		contact=sip:$2@$ip
		bind_address=$ip
		root_ca=${5:-/etc/ssl/certs}
		verify_server_certs=1
		verify_server_cn=1
		${LP_SIP:-}
		[sound]
		echocancellation=0
		[rtp]
		audio_rtp_port=$((7000 + 100 * ${ip##*.}))-$((7090 + 100 * ${ip##*.}))
		${LP_RC:-}
	X
	spawn "$d/log" env HOME="$d" XDG_DATA_HOME="$d/.local/share" XDG_CONFIG_HOME="$d/.config" \
		bash -c 'exec linphonec -c "$0/rc" -d 6 -l "$0/core.log" <"$0/in" >"$0/out" 2>&1' "$d"
	LP_PID[$1]=$CHILD
	exec {fd}<>"$d/in" # for both, so that one who is dead can be written to
	LP_FD[$1]=$fd
	lp "$1" "soundcard use files"
	lp_saw "$1" "Using wav files"
	lp "$1" "register sip:$2@127.0.0.1 sip:$proxy;transport=$3 secret-$2-x"
	within 8 registered "$2" || bad "linphonec $1 ($2, $3) does not register: $(grep -a -i 'error' "$d/core.log" | grep -a -v alsa | tail -n 3)"
}
certificate_() { # certificate_ NAME: give the server one of this name before it starts; $T/data/tls/cert.pem
	mkdir -p -m 700 "$T/data/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \
		-keyout "$T/data/tls/key.pem" -out "$T/data/tls/cert.pem" >>"$T/cli.log" 2>&1 || bad "openssl makes no certificate"
	chmod 600 "$T/data/tls/key.pem"
}
lp() { local n=$1; shift; LP_MARK[$n]=$(stat -c %s "$T/$n/out" 2>/dev/null || echo 0); echo "$*" >&"${LP_FD[$n]}"; }
lp_mark() { LP_MARK[$1]=$(stat -c %s "$T/$1/out"); }
lp_out() { tail -c +$((${LP_MARK[$1]} + 1)) "$T/$1/out" | tr '\r' '\n'; }
lp_shows() { lp_out "$1" | grep -a -q -E "$2"; }
lp_saw() { within "${3:-8}" lp_shows "$1" "$2" || bad "linphonec $1 did not print \"$2\": $(lp_out "$1" | tail -n 4 | tr '\n' ' ')"; }
lp_sound() {
	rm -f "$T/$1/heard.wav"
	lp "$1" "play $(cat "$T/$1/tone")"
	lp "$1" "record $T/$1/heard.wav"
}
lp_heard() {
	local m n=$1 p=$2; shift 2
	m=$("$TOOLS/tone" map "$T/$n/heard.wav" "$@" 2>&1)
	grep -q -E "$p" <<<"$m" || bad "linphonec $n heard \"$m\", not $p"
}
lp_end() {
	local rc
	lp "$1" quit
	end_of "${LP_PID[$1]}" 8; rc=$?
	[ $rc -eq 0 ] || bad "linphonec $1 ends with $rc"
}

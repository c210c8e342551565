# twinkle.sh: Debian's twinkle-console as a phone over UDP; for scripts that have lib.sh already.
#
#	twinkle NAME NUMBER HZ              begins one, which registers. It sends the tone as its microphone and plays to nobody
#	tw NAME TEXT                        types a command: "call 101" "answer" "bye" "hold" "retrieve" "transfer 102" ...
#	tw_saw NAME PATTERN [SECONDS]       it printed that since the last command
#	tw_end NAME                         ends it
#
# It wants a way out of the machine; the loopback gets one. All addresses are its own, so its ports differ by NAME.
need_ twinkle-console
ip route get 192.0.2.1 >/dev/null 2>&1 || { ip addr add 10.99.0.1/24 dev lo && ip route add default dev lo src 10.99.0.1; }
declare -A TW_FD TW_PID TW_MARK
TW_MORE= # further lines of its account

twinkle() {
	local d=$T/$1 n=${ADDR[$1]##*.} fd
	mkdir -p "$d/.twinkle"
	[ -e "$T/$3.wav" ] || "$TOOLS/tone" make "$T/$3.wav" "$3" 60
	tail -c +45 "$T/$3.wav" >"$d/tone.raw"
	cat >"$d/.asoundrc" <<-X
		pcm.!default {
			type file
			slave.pcm "null"
			file "/dev/null"
			infile "$d/tone.raw"
			format "raw"
		}
		ctl.!default {
			type null
		}
	X
	printf '%s\n' dev_ringtone=alsa:default dev_speaker=alsa:default dev_mic=alsa:default validate_audio_dev=no "sip_port=$((5200 + n))" \
		"rtp_port=$((9000 + 100 * n))" play_ringtone=no play_ringback=no >"$d/.twinkle/twinkle.sys"
	# without these it sends nothing when it takes the tone for noise
	printf '%s\n' "user_name=$2" user_domain=127.0.0.1 "auth_name=$2" "auth_pass=secret-$2-x" registrar=127.0.0.1 register_at_startup=yes \
		sip_transport=udp codecs=g711u,g711a speex_dsp_vad=no speex_dsp_agc=no speex_dsp_nrd=no $TW_MORE >"$d/.twinkle/p.cfg"
	rm -f "$d/in"; mkfifo "$d/in"
	exec {fd}<>"$d/in" # for both, so that one who is dead can be written to
	TW_FD[$1]=$fd
	spawn "$d/log" env HOME="$d" bash -c 'exec twinkle-console p.cfg <"$0/in" >"$0/out" 2>&1' "$d"
	TW_PID[$1]=$CHILD TW_MARK[$1]=0
	within 8 registered "$2" || bad "twinkle $1 ($2) does not register: $(tail -n 3 "$d/out" | tr '\n' ' ')"
}
tw() { local n=$1; shift; TW_MARK[$n]=$(stat -c %s "$T/$n/out"); echo "$*" >&"${TW_FD[$n]}"; }
tw_mark() { TW_MARK[$1]=$(stat -c %s "$T/$1/out"); }
tw_out() { tail -c +$((${TW_MARK[$1]} + 1)) "$T/$1/out"; }
tw_shows() { tw_out "$1" | grep -a -q -E "$2"; }
tw_saw() { within "${3:-8}" tw_shows "$1" "$2" || bad "twinkle $1 did not print \"$2\": $(tw_out "$1" | tail -n 6 | tr '\n' ' ')"; }
tw_end() {
	tw "$1" quit
	end_of "${TW_PID[$1]}" 8 || kill -9 "${TW_PID[$1]}" 2>/dev/null # it may hang in its sound driver
}

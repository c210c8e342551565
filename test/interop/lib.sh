# lib.sh: what the test scripts share. A script runs in a namespace of its own, with $T as its directory.
#
#	test_ "NAME"      begins a test; checks that fail are collected; the test ends where the next begins
#	done_             ends the last one and the server, which must exit with 0 and without a sanitizer's report
#
# The server is 127.0.0.1; phones a, b, c have addresses of their own. Numbers N have the password "secret-N-x".
set -u
cd "$T" || exit 1
PEERS=$(mktemp -d -p /dev/shm offhook-peers-XXXXXX 2>/dev/null || mktemp -d) # in memory: a busy disk must not stop the sound
TEST= BAD=() PIDS=() SRV=
declare -A FD MARK ADDR=([a]=127.0.0.2 [b]=127.0.0.3 [c]=127.0.0.4 [d]=127.0.0.5)

end_test() {
	[ -n "$TEST" ] || [ ${#BAD[@]} -gt 0 ] || return 0
	TEST=${TEST:-$NAME: made ready} # what goes wrong before the first test counts as one
	if [ ${#BAD[@]} -eq 0 ]; then
		echo "ok       $TEST"
	else
		echo "FAILED   $TEST"; printf '           %s\n' "${BAD[@]}"
	fi
	TEST=
}
test_() { end_test; TEST=$1 BAD=(); echo "=== $1" >>"$T/server.log"; }
bad() { BAD+=("$1"); }
check() { # check TEXT COMMAND...: the command must succeed
	local text=$1; shift
	"$@" >"$T/check.out" 2>&1 || bad "$text$([ -s "$T/check.out" ] && echo ": $(head -c 300 "$T/check.out")")"
}
within() { # within SECONDS COMMAND...: it succeeds in time
	local end=$((${EPOCHREALTIME/./} + ${1%.*} * 1000000)); shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		sleep 0.05
	done
}
same() { [ "$1" = "$2" ] || { echo "\"$1\", not \"$2\""; return 1; }; }

# ---- processes

cleanup() {
	local p
	# with what they have started: the processes of a server outlive their parent
	for p in "${PIDS[@]}" $SRV; do kill -9 $(pgrep -P "$p") "$p" 2>/dev/null; done
	rm -rf "$PEERS"
}
trap cleanup EXIT
spawn() { # spawn FILE COMMAND...: in the background, output to the file; its id is $CHILD
	local out=$1; shift
	"$@" >>"$out" 2>&1 </dev/null &
	CHILD=$!; PIDS+=($CHILD)
}
ended() { ! kill -0 "$1" 2>/dev/null; }
end_of() { # end_of PID [SECONDS]: its exit status, 99 if it goes on
	within "${2:-10}" ended "$1" || return 99
	wait "$1"
}

# ---- the server

oh() { "$BIN" "$@" --data "$T/data"; }
up() { oh status --json; }
server_start() { # server_start [OPTIONS]
	"$BIN" serve --data "$T/data" "$@" >>"$T/server.log" 2>&1 </dev/null &
	SRV=$!
	within 15 up || bad "the server does not start: $(tail -n 3 "$T/server.log")"
}
server_stop() { # by SIGTERM; its exit status
	local rc pid=$SRV
	[ -n "$pid" ] || return 0
	kill -TERM "$pid"; end_of "$pid" 15; rc=$?
	SRV=
	return $rc
}
numbers() { # numbers N...: extensions with known passwords
	local n
	for n in "$@"; do
		oh extension set "$n" --password "secret-$n-x" >>"$T/cli.log" 2>&1 || oh extension add "$n" --password "secret-$n-x" >>"$T/cli.log" 2>&1 \
			|| bad "extension $n: $(tail -n 1 "$T/cli.log")"
	done
}
registered() { [ "$(oh registrations "$1" --json | jq '.items | length')" -ge "${2:-1}" ]; }
calls_now() { [ "$(oh calls --json | jq '.items | length')" = "$1" ]; }
cdr_is() { # cdr_is FILTER: the newest call record is finished and the filter says true of it
	oh cdr --json --limit 1 | jq -e ".items[0] | .final and ($1)"
}
cdr() { # cdr TEXT FILTER: as a check; shows the record if not
	within 4 cdr_is "$2" || bad "call record: $1: $(oh cdr --json --limit 1 | jq -c ".items[0]")"
}
flow() { # flow LEG: packets that came in from this leg of the only call
	oh calls --json | jq ".items[0].legs[$1].received // 0"
}
no_report() { ! grep -a -E 'AddressSanitizer|LeakSanitizer|runtime error|assert' "$T/server.log"; }
done_() {
	if [ -n "$SRV" ]; then
		test_ "$NAME: nothing left over, the server ends with 0"
		within 5 calls_now 0 || bad "calls left: $(oh calls)"
		server_stop || bad "exit status $?: $(tail -n 5 "$T/server.log")"
	fi
	check "a sanitizer's report" no_report
	end_test
	cleanup
	trap - EXIT
	exit 0
}
NAME=$(basename "$0" .sh); NAME=${NAME#t_}; NAME=${NAME//_/ }

need_() { # need_ PROGRAM...: without them the script is skipped by name; with CI that is a failure
	local p
	for p in "$@"; do
		command -v "$p" >/dev/null && continue
		echo "$([ -n "${CI:-}" ] && echo "FAILED  " || echo "skipped ") $NAME: $p is not installed"
		cleanup; trap - EXIT
		exit 0
	done
}

# ---- baresip

# phone NAME NUMBER TRANSPORT HZ [ACCOUNT PARAMETERS]: a baresip that sends a tone from a file and keeps what it hears.
# CODECS and MODULES give it others than G.711, BARESIP options.
phone() {
	local d=$T/$1 ip=${ADDR[$1]}
	mkdir -p "$d/rec"
	[ -e "$T/$4.wav" ] || "$TOOLS/tone" make "$T/$4.wav" "$4" 60
	cat >"$d/config" <<-X
		module_path $(dirname "$(find /usr/lib /usr/local/lib -path '*baresip/modules/account.so' 2>/dev/null | head -n 1)")
		module g711.so
		${MODULES:+$(printf 'module %s.so\n' $MODULES)}
		module aufile.so
		module sndfile.so
		module_tmp account.so
		module_app menu.so
		module_app ctrl_tcp.so
		sip_listen $ip:5070
		net_interface $ip
		ctrl_tcp_listen $ip:4444
		audio_source aufile,$T/$4.wav
		audio_player none,none
		ausrc_srate 8000
		auplay_srate 8000
		ausrc_channels 1
		auplay_channels 1
		snd_path $d/rec
		call_max_calls 4
	X
	echo "<sip:$2@127.0.0.1;transport=$3>;auth_pass=secret-$2-x;audio_codecs=${CODECS:-PCMU/8000,PCMA/8000}${5:-}" >"$d/accounts"
	: >"$d/contacts"
	spawn "$d/log" baresip -f "$d" ${BARESIP:-}
	within 8 registered "$2" || bad "baresip $1 ($2, $3) does not register: $(tail -n 3 "$d/log")"
	within 3 connect "$1" || bad "baresip $1 has no control port"
}
connect() {
	local fd
	exec {fd}<>"/dev/tcp/${ADDR[$1]}/4444" || return 1
	FD[$1]=$fd
	: >"$T/$1/events"
	cat <&"$fd" >"$T/$1/events" &
	PIDS+=($!); MARK[$1]=0
}
tell() { # tell NAME COMMAND [PARAMETERS]
	local m="{\"command\":\"$2\",\"params\":\"${3:-}\",\"token\":\"t\"}"
	MARK[$1]=$(stat -c %s "$T/$1/events")
	printf '%d:%s,' ${#m} "$m" >&"${FD[$1]}"
}
saw() { tail -c +$((${MARK[$1]} + 1)) "$T/$1/events" | grep -a -q -E "$2"; }
event() { # event NAME PATTERN [SECONDS]: an event since the phone was last told something or since mark
	within "${3:-8}" saw "$1" "$2" || bad "phone $1 saw no $2: $(tail -c +$((${MARK[$1]} + 1)) "$T/$1/events" | grep -a -o '"type":"[A-Z_]*"\|"param":"[^"]*"' | tail -n 4 | tr '\n' ' ')"
}
mark() { local n; for n in "$@"; do MARK[$n]=$(stat -c %s "$T/$n/events"); done; }
heard() { # heard NAME PATTERN HZ...: what the phone recorded in its last call, as `tone map` writes it
	local f m n=$1 p=$2; shift 2
	f=$(ls -t "$T/$n"/rec/*dec.wav 2>/dev/null | head -n 1)
	m=$([ -n "$f" ] && "$TOOLS/tone" map "$f" "$@")
	grep -q -E "$p" <<<"$m" || bad "phone $n heard \"$m\", not $p"
}

# ---- sipp

# sipp_ NAME SCENARIO NUMBER PEER TRANSPORT [OPTIONS]: in the background; $CHILD; 0 if the scenario went to its end.
# STATUS and CODE fill the scenario, PASSWORD replaces the right one, SIPP_SED is done to it.
sipp_() {
	local n=$1 s=$2 num=$3 peer=$4 tp=$5; shift 5
	mkdir -p "$T/$n"
	sed -e "s/__STATUS__/${STATUS:-}/; s/__CODE__/${CODE:-}/" -e "${SIPP_SED:-}" "$HERE/sipp/$s.xml" >"$T/$n/$s.xml"
	spawn "$T/$n/sipp.log" sipp 127.0.0.1:5060 -sf "$T/$n/$s.xml" -t "${tp:0:1}1" -i "${ADDR[$n]}" -p 5070 -m 1 -nostdin -timeout 40s -mp 7000 \
		-timeout_error -recv_timeout 15000 -au "$num" -ap "${PASSWORD:-secret-$num-x}" -s "$peer" -key number "$num" -key rtp_port 6000 \
		-key peer_file "$PEERS/$n" -trace_err -error_file "$T/$n/$s.err" -trace_msg -message_file "$T/$n/$s.msg" "$@"
}
sipp_ok() { # sipp_ok PID TEXT DIR: the scenario went to its end
	local rc
	end_of "$1" 40; rc=$?
	[ $rc -eq 0 ] || bad "$2: sipp says $rc: $(cat "$T/$3"/*.err 2>/dev/null | tr '\r\n' '  ' | head -c 400)"
}
sipp_register() { # sipp_register NAME NUMBER TRANSPORT
	sipp_ "$1" register "$2" "$2" "$3"
	sipp_ok "$CHILD" "sipp $1 registers $2 over $3" "$1"
	within 3 registered "$2" || bad "$2 is not registered"
}
sound() { # sound NAME HZ SECONDS: the RTP of a sipp agent; its id is $CHILD
	mkdir -p "$T/$1"; : >"$PEERS/$1"
	spawn "$T/$1/rtp.log" "$TOOLS/rtp" "${ADDR[$1]}" 6000 "$PEERS/$1" "$2" "$T/$1/heard.wav" "$3"
}
sound_is() { # sound_is NAME PID PATTERN HZ...: ends it and looks at what it heard
	local m n=$1 pid=$2 p=$3; shift 3
	kill -TERM "$pid" 2>/dev/null; end_of "$pid" 5
	m=$("$TOOLS/tone" map "$T/$n/heard.wav" "$@")
	grep -q -E "$p" <<<"$m" || bad "sipp $n heard \"$m\", not $p ($(tail -n 1 "$T/$n/rtp.log"))"
	grep -q 'strange 0$' "$T/$n/rtp.log" || bad "sipp $n got sound from another address than SDP named: $(tail -n 1 "$T/$n/rtp.log")"
}

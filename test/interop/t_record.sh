# Recordings: two hundred calls at once lose nothing; a kill leaves files that other programs play; a disk that is full
# ends recordings and not calls.
. "$HERE/lib.sh"
need_ opusinfo soxi
LOAD=$(dirname "$BIN")/bench/load
people() { # people N FORMAT: 2 * N numbers from 1000 on, calls of the first half are recorded
	awk -v n="$1" -v f="$2" 'BEGIN {printf "{\"offhook\":1,\"settings\":[{\"name\":\"main\",\"record_format\":\"%s\",\"record_min_free_mb\":0}],\"extensions\":[", f
		for (i = 0; i < 2 * n; i++) printf "%s{\"number\":\"%d\",\"password\":\"secret-of-all\",\"call_limit\":10,\"record\":\"%s\"}", i ? "," : "", 1000 + i, i < n ? "always" : "never"
		print "]}"}' >"$T/people.json"
	oh config import "$T/people.json" >>"$T/cli.log" 2>&1 || bad "import: $(tail -n 2 "$T/cli.log")"
}
load() { # load N SECONDS: calls of the first N numbers with the next N, sound both ways
	"$LOAD" register --target 127.0.0.1:5060 --users $((2 * $1)) --base 1000 --count $((2 * $1)) --rate 1000 --password secret-of-all >>"$T/load.log" 2>&1 || bad "load: no registrations"
	"$LOAD" media --target 127.0.0.1:5060 --users "$1" --base 1000 --count "$1" --seconds "$2" --password secret-of-all >"$T/load.out" 2>>"$T/load.log"
}
list() { oh recordings list --limit 1000 --json; }
states() { list | jq -r '[.items[].state] | group_by(.) | map("\(.[0]):\(length)") | join(" ")'; }
recorded_now() { [ "$(list | jq '[.items[] | select(.state == "recording")] | length')" = "$1" ]; }
all_are() { [ "$(states)" = "$1" ]; }
files() { find "$T/data/recordings" -name "*.$1"; }

test_ "recording: 200 calls at once, nothing is lost, every packet is in both channels"
server_start
oh security allow add 127.0.0.0/8 >>"$T/cli.log" 2>&1
people 200 wav
load 200 10 || bad "load: $(tail -n 1 "$T/load.log")"
within 10 all_are complete:200 || bad "states: $(states)"
check "no sound was given up" same "$(list | jq '[.items[].lost] | add')" 0
check "lengths" same "$(list | jq '[.items[] | select(.ms < 12500 or .ms > 30000)] | length')" 0
lost=$(sed -E 's/.*sent=([0-9]+) got=([0-9]+).*/\1 \2/' "$T/load.out" | awk '{print $1 - $2}')
read -r _ n _ found _ missing _ disorder <<<"$("$TOOLS/frames" $(files wav))"
cat "$T/load.out" >>"$T/server.log"; echo "files $n found $found missing $missing disorder $disorder, lost by the relay $lost" >>"$T/server.log"
check "files" same "$n" 200
[ "$found" -gt $((200 * 2 * 11 * 50)) ] || bad "only $found packets are found in the files"
[ "$missing" -le "$lost" ] || bad "$missing packets are missing in the files, the relay lost $lost"
check "order" same "$disorder" 0
cdr "names the file" '.recordings[0].file | test("^recordings/20../../../c.*[.]wav$")'

for format in wav opus; do
	test_ "recording ($format): after a kill all is playable to the last second, and rows say so"
	[ -n "$SRV" ] || server_start
	people 20 $format
	rm -rf "$T/data/recordings"
	(load 20 8) & wait_load=$!
	within 10 test -d "$T/data/recordings" || bad "no recordings"
	within 5 recorded_now 20 || bad "not all are recorded: $(states)"
	sleep 5
	list | jq -r '.items[] | select(.state == "recording") | "\(.file) \(.start_ms)"' >"$T/open"
	killed=$(date +%s%3N)
	kill -9 "$SRV"; wait "$SRV" 2>/dev/null; SRV=
	wait $wait_load
	check "files" same "$(files $format | wc -l)" 20
	while read -r f start; do
		if [ $format = wav ]; then
			ms=$(soxi -D "$T/data/$f" | awk '{printf "%d", $1 * 1000}')
		else
			opusinfo "$T/data/$f" >"$T/info" 2>&1
			ms=$(sed -nE 's/.*Playback length: ([0-9]+)m:([0-9.]+)s.*/\1 \2/p' "$T/info" | awk '{printf "%d", ($1 * 60 + $2) * 1000}')
		fi
		[ "${ms:-0}" -ge $((killed - start - 1300)) ] || bad "$f: $ms ms of $((killed - start))"
	done <"$T/open"
	server_start
	within 5 recorded_now 0 || bad "rows are open: $(states)"
	check "rows of calls that were cut" same "$(list | jq '[.items[] | select(.state == "interrupted" and .ms > 3000)] | length')" $([ $format = wav ] && echo 20 || echo 40)
	for f in $(files $format); do
		case $format in
		wav) check "sox plays $f" sox "$f" -n stat ;;
		opus) check "opusdec plays $f" opusdec --quiet "$f" "$T/out.wav"
			opusinfo "$f" >"$T/info" 2>&1; grep -q -i 'warning\|error' "$T/info" && bad "opusinfo: $(grep -i 'warning\|error' "$T/info" | head -n 2)" ;;
		esac
	done
done

test_ "recording: a full disk ends recordings, an alarm says so, calls go on, files are playable"
server_stop
rm -rf "$T/data/recordings"; mkdir -p "$T/data/recordings"
if unshare -m mount -t tmpfs -o size=2m tmpfs "$T/data/recordings" 2>/dev/null; then
	unshare -m bash -c 'mount -t tmpfs -o size=2m tmpfs "$0/recordings" && exec "$1" serve --data "$0"' "$T/data" "$BIN" >>"$T/server.log" 2>&1 </dev/null &
	SRV=$!
	within 15 up || bad "the server does not start"
	people 20 wav
	load 20 8
	sed -E 's/.*lost_pct=([0-9.]+).*/\1/' "$T/load.out" | awk '{exit !($1 < 1)}' || bad "calls suffer: $(cat "$T/load.out")"
	check "alarm" jq -e '.items[] | select(.id == "recording" and .severity == "critical")' <<<"$(curl -s --unix-socket "$T/data/control.sock" http://x/api/v1/alarms)"
	oh status | grep -q -i "cannot be recorded" || bad "status: $(oh status | tail -n 4)"
	check "failed rows" test "$(list | jq '[.items[] | select(.state == "failed")] | length')" -gt 0
	for f in $(ls /proc/$SRV/root"$T"/data/recordings/20*/*/*/*.wav 2>/dev/null); do check "sox plays $f" sox "$f" -n stat; done
else
	echo "skipped  recording: a full disk: no mounts here"
fi
done_

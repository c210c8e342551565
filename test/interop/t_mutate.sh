# 20,000 broken messages to a live server, and garbage on its RTP ports: it answers at once, and its memory is where it was.
. "$HERE/lib.sh"
CORPUS=$HERE/../fuzz/corpus
COUNT=${MUTATE_COUNT:-20000} RATE=${MUTATE_RATE:-1500} SEED=${MUTATE_SEED:-4711}
anon() { awk '/^RssAnon/ { print $2 }' /proc/$SRV/status; }
fds() { ls /proc/$SRV/fd | wc -l; }
sanitized() { grep -q __asan_init "$BIN"; }
alive() { "$TOOLS/mutate" options 127.0.0.1 5060 "$1"; }
# the calls of anybody are taken, so that descriptions reach the calls and the sound
server_start --bench-no-auth --rtp-ports 10000-10399
numbers 100 101
# all of them are to be read: nobody is limited here
oh security allow add 127.0.0.0/8 >>"$T/cli.log"

test_ "garbage on the RTP ports does not disturb a call"
"$BIN" phone --headless --user 100 --password secret-100-x --listen 127.0.0.5 --call '*43' --tone 440 --expect-tone 440 --seconds 6 >"$T/head.log" 2>&1 &
pid=$!; PIDS+=($pid)
within 5 calls_now 1 || bad "no call"
check "garbage" "$TOOLS/mutate" rtp 127.0.0.1 10000 10399 20000 $SEED
port=$(ss -Huan | awk '{ n = split($4, a, ":"); if (a[n] >= 10000 && a[n] <= 20000) print a[n] }' | sort -n | head -n 1)
check "garbage on the ports in use" "$TOOLS/mutate" rtp 127.0.0.1 "${port:-10000}" $((${port:-10000} + 1)) 10000 $SEED
end_of $pid 15; check "the phone hears its tone" same $? 0

test_ "$COUNT broken messages: OPTIONS is answered at once while they come and afterwards"
fds_back() { f1=$(fds); [ "$f1" -le $((f0 + 66)) ]; } # 32 pairs of ports stay open
f0=$(fds)
# tables and caches have grown to what such a storm needs before memory is looked at; a sanitizer keeps what is freed
if ! sanitized; then
	"$TOOLS/mutate" sip 127.0.0.1 5060 "$COUNT" 1 "$RATE" $((COUNT / 5)) "$CORPUS/sip_msg" "$CORPUS/sdp" >/dev/null
	within 100 fds_back || bad "descriptors after the first storm: $f0, then $f1"
fi
m0=$(anon)
"$TOOLS/mutate" sip 127.0.0.1 5060 "$COUNT" "$SEED" "$RATE" $((COUNT / 5)) "$CORPUS/sip_msg" "$CORPUS/sdp" >"$T/mutate.log" 2>&1 &
pid=$!; PIDS+=($pid)
sleep 4; check "OPTIONS while they come" alive 1000
sleep 4; check "OPTIONS while they come" alive 1000
end_of $pid 60 || bad "the sender failed: $(cat "$T/mutate.log")"
check "OPTIONS" alive 500
check "the server lives" kill -0 $SRV
check "it serves its command line" up

test_ "afterwards: no call, no descriptor, no memory left over"
within 80 calls_now 0 || bad "calls left: $(oh calls | head -n 5)"
# ports rest for 30 s, and then some are closed every 5 s
within 90 fds_back || bad "descriptors: $f0 before, $f1 after: $(ls -l /proc/$SRV/fd | awk "{ print \$NF }" | sed "s/:.*//" | sort | uniq -c | tr "\n" " ")"
check "OPTIONS" alive 200
m1=$(anon)
sanitized || [ "$m1" -le $((m0 + 2048)) ] || bad "RssAnon: $m0 kB after the first storm, $m1 kB after the second"
echo "$f0 $f1 descriptors, $m0 $m1 kB" >>"$T/mutate.log"
done_

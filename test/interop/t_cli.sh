# Every verb of the command line, with the server up and down: what it prints, its JSON, its exit status.
. "$HERE/lib.sh"

# run_ STATUS VERB...: run it, its output in $OUT_FILE
run_() {
	local want=$1 rc; shift
	"$BIN" "$@" >"$T/out" 2>"$T/err" </dev/null; rc=$?
	[ $rc -eq "$want" ] || bad "$*: exit status $rc, not $want: $(head -c 200 "$T/out" "$T/err" | tr '\n' ' ')"
}
cli() { local want=$1; shift; run_ "$want" "$@" --data "$T/data"; }
# json STATUS FILTER VERB...: valid JSON of which the filter says true
json() {
	local filter=$2 want=$1; shift 2
	cli "$want" "$@" --json
	jq -e "$filter" <"$T/out" >/dev/null 2>&1 || bad "$* --json: not $filter: $(head -c 300 "$T/out" | tr '\n' ' ')"
}
shows() { grep -q -E -e "$1" "$T/out" || bad "not shown: $1: $(head -c 300 "$T/out" | tr '\n' ' ')"; }

test_ "help: the overview, each verb, a wrong verb"
run_ 0 help; shows 'extension add'
run_ 0 --help; shows 'serve'
for v in serve status "extension add" "extension list" "extension show" "extension set" "extension remove" registrations calls hangup cdr \
	"config export" "config import" "config history" "config undo" phone inspect metrics log-level completion version; do
	# shellcheck disable=SC2086
	run_ 0 $v --help; shows "${v%% *}"
done
run_ 2 frobnicate
run_ 2 extension add
run_ 2 serve --no-such-option
run_ 2 serve --rtp-ports 7
run_ 0 version; shows '^offhook [0-9]|^[0-9]'
run_ 0 completion bash; shows complete
check "the completion script is bash" bash -n "$T/out"

test_ "with no server and no data: exit status 5 for what only a server knows"
for v in status registrations calls "hangup x" inspect metrics log-level; do
	# shellcheck disable=SC2086
	cli 5 $v
done

test_ "the first start shows passwords, and a phone registers with them"
server_start
number=$(grep -a -m 1 -E '^ +(Phone 1 +number +)?100 ' "$T/server.log")
password=$(grep -o -E '[a-z0-9]{14,}' <<<"$number" | head -n 1)
[ -n "$password" ] || bad "no password in the welcome: $number"
"$BIN" phone --headless --user 100 --password "$password" --listen 127.0.0.2 --call '*43' --tone 440 --expect-tone 440 --seconds 3 >"$T/out" 2>&1 \
	|| bad "the phone says: $(tail -n 3 "$T/out" | tr '\n' '|')"

test_ "status, log level, inspect, metrics"
json 0 '.extensions == 2 and .calls == 0 and (.alarms | length) == 0 and (.listeners | length) >= 2' status
cli 0 status; shows 'is running'
json 0 '.level == "info"' log-level
json 0 '.level == "debug"' log-level debug
cli 0 log-level info
cli 2 log-level shouting
json 0 '.items | length > 3' inspect
cli 0 inspect sip.transactions
cli 3 inspect no.such.thing
json 0 '.items | length > 5' metrics

test_ "certificate show and set; what is wrong is refused and changes nothing; an alarm before it expires"
first=$(oh certificate show --json | jq -r .fingerprint)
check "the first one is for this machine" bash -c '[ "$(jq -r ".self_signed, (.days_left > 3600)" | sort -u)" = true ]' < <(oh certificate show --json)
same "$(stat -c %a "$T/data/tls/key.pem")" 600 >/dev/null || bad "key.pem may be read by others"
pem() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$1.key" -out "$T/$1.crt" -days "$2" -subj "/CN=$1" -addext "subjectAltName=DNS:$1" 2>/dev/null; }
pem one.example 300; pem two.example 5
oh certificate set "$T/one.example.crt" "$T/two.example.key" >"$T/o" 2>&1 && bad "a wrong key is taken"
grep -q "does not belong" "$T/o" || bad "not told why: $(cat "$T/o")"
oh certificate set "$T/one.example.key" "$T/one.example.key" >"$T/o" 2>&1 && bad "a key is taken for a certificate"
oh certificate set "$T/none" "$T/none" >"$T/o" 2>&1; [ $? -eq 3 ] || bad "a missing file: $(cat "$T/o")"
same "$(oh certificate show --json | jq -r .fingerprint)" "$first" >/dev/null || bad "it has changed"
check "a good pair" oh certificate set "$T/one.example.crt" "$T/one.example.key"
same "$(echo | timeout 5 openssl s_client -connect 127.0.0.1:5061 2>/dev/null | grep '^subject')" "subject=CN = one.example" >/dev/null || bad "new connections see the old one"
check "one that soon expires" oh certificate set "$T/two.example.crt" "$T/two.example.key"
oh status | grep -q "The server's certificate expires on" || bad "no alarm"
check "a good pair again" oh certificate set "$T/one.example.crt" "$T/one.example.key"
oh status | grep -q "certificate expires" && bad "the alarm stays"

test_ "extension add, list, show, set, remove"
json 0 '.number == "102" and (.password | length) >= 12' extension add 102 --name "Front desk"
cli 4 extension add 102
cli 0 extension add 103 --password abcdefgh; cat "$T/err" >>"$T/out"; shows 'Warning: extension 103'
cli 2 extension add 104 --password short
cli 2 extension add "no number"
json 0 '[.items[].number] == ["100", "101", "102", "103"] and ([.items[] | has("password")] | any | not)' extension list
json 0 '.name == "Front desk"' extension show 102
json 0 '.password == "abcdefgh"' extension show 103 --password
cli 3 extension show 199
json 0 '.name == "Desk" and .ring_seconds == 20' extension set 102 --name Desk --ring-seconds 20
cli 2 extension set 102 --ring-seconds 0
cli 3 extension set 199 --name X
json 0 '.password | length >= 12' extension set 102 --new-password
cli 0 extension remove 103
cli 3 extension remove 103

test_ "config history, undo, export, import"
json 0 '(.items | length) >= 4 and (.items[0] | has("id") and has("author"))' config history
id=$(jq -r '.items[0].id' "$T/out")
cli 0 config undo "$id"
json 0 '.number == "103"' extension show 103
cli 3 config undo 99999
cli 0 config export "$T/plain.json"
check "the export is JSON" jq -e . "$T/plain.json"
grep -q abcdefgh "$T/plain.json" && bad "the export has passwords"
cli 0 config export --passwords "$T/secret.json"
grep -q abcdefgh "$T/secret.json" || bad "the export lacks passwords"
check "only its owner reads it" same "$(stat -c %a "$T/secret.json")" 600
cli 0 extension remove 103
cli 0 config import --dry-run "$T/secret.json"
cli 3 extension show 103
cli 0 config import "$T/secret.json"
json 0 '.password == "abcdefgh"' extension show 103 --password
echo '{"extensions": [{"number": "x y"}]}' >"$T/wrong.json"
cli 2 config import "$T/wrong.json"
echo 'no json' >"$T/wrong.json"
cli 2 config import "$T/wrong.json"

test_ "registrations, calls, cdr, hangup"
"$BIN" phone --headless --user 103 --password abcdefgh --listen 127.0.0.3 --call '*43' --seconds 20 >"$T/phone.log" 2>&1 &
pid=$!; PIDS+=($pid)
within 5 calls_now 1 || bad "no call"
json 0 '.items[0].extension == "103"' registrations
json 0 '.items | length == 0' registrations 100
cli 0 registrations; shows 103
json 0 '.items[0] | .from == "103" and .to == "*43" and (.legs | length) >= 1' calls
id=$(jq -r '.items[0].id' "$T/out")
cli 0 calls; shows '\*43'
cli 3 hangup no-such-call
cli 0 hangup "${id:0:8}"
end_of $pid 8; [ $? -ne 99 ] || bad "the phone goes on"
cli 0 hangup --all
json 0 '.items[0].from == "103" and .items[0].final' cdr
json 0 '.items | length == 0' cdr --number 777
json 0 '.items | length == 1' cdr --limit 1
cli 0 cdr --legs; shows '^    from 103, .*: PCM[AU], [0-9]+ packets, 0\.0 % lost, jitter [0-9]+ ms, MOS 4\.[0-9]$'
cli 2 cdr --limit none
cli 2 cdr --since yesterday-ish

test_ "calls transfer: the caller goes elsewhere, the called one leaves; what cannot be is refused"
"$BIN" phone --headless --user 100 --password "$password" --listen 127.0.0.4 --answer --wait 20 >"$T/called.log" 2>&1 &
called=$!; PIDS+=($called)
within 5 registered 100 || bad "100 does not register"
"$BIN" phone --headless --user 103 --password abcdefgh --listen 127.0.0.3 --call 100 --tone 440 --expect-tone 440 --seconds 10 >"$T/phone.log" 2>&1 &
pid=$!; PIDS+=($pid)
talks() { oh calls --json | jq -e '.items[0].state == "up"' >/dev/null; }
within 5 talks || bad "no call: $(oh calls --json | head -c 300)"
id=$(oh calls --json | jq -r '.items[0].id')
sounds() { oh calls --sound | grep -E -q '^[a-z0-9]+ +103 +talking +PCM[AU] +4\.[0-9] +4\.[0-9] +0\.0 % +[0-9]+ ms .*-[0-9]+ dB$'; }
within 4 sounds || bad "calls --sound: $(oh calls --sound)"
timeout 2.5 "$BIN" calls --watch --data "$T/data" >"$T/watch"; [ "$(grep -c '^CALL ' "$T/watch")" -ge 2 ] || bad "calls --watch: $(cat "$T/watch")"
cli 3 calls transfer no-such-call '*43'
cli 3 calls hold no-such-call
cli 2 calls resume "$id" --by nobody
cli 2 call 555 100
cli 4 call 100 555
cli 2 calls transfer "$id" '*43' --by nobody
cli 2 calls transfer "$id"
cli 4 calls transfer "$id" 799
cli 0 calls transfer "${id:0:8}" '*43' --by callee; shows '^\*43 is being called'
end_of $called 5; [ $? -ne 99 ] || bad "the called phone goes on"
same "$(calls_now 1 && echo yes)" yes >/dev/null || bad "the caller has gone as well"
# it hears itself now, as it could not before
end_of $pid 15; same $? 0 >/dev/null || bad "the caller: $(tail -n 3 "$T/phone.log" | tr '\n' '|')"
json 0 '.items[0] | .from == "103" and (.transfers | length) >= 1 and .transfers[-1].to == "*43" and .transfers[-1].by == "100"' cdr --limit 1

test_ "settings, numbering, brakes: one row each, with sentences that read well"
json 0 '.recall_seconds == 30 and .challenge_in_calls == false' settings show
cli 0 settings set --recall-seconds 20; shows '^The settings are changed\.$'
cli 0 settings set --recall-seconds 20; shows '^The settings are like that already\.$'
cli 0 settings show; shows '^  recall seconds      20$'
grep -q main "$T/out" && bad "the key is shown"
cli 2 settings set --recall-seconds 1
cli 0 numbering set --country DE --area-code 30; shows '^The numbering is changed\.$'
cli 0 brakes set --trunk-in-per-minute 100; shows '^The brakes are changed\.$'
cli 0 did add "030 5551" --target 100; shows '^Number 030 5551 is ready\.$'
cli 0 did remove "030 5551"; shows '^Number 030 5551 is removed'
cli 3 route out show none; grep -q '^offhook: There is no route out none\.$' "$T/err" || bad "$(cat "$T/err")"

test_ "bans by hand, allowed networks, limits"
check "nobody is banned" grep -q '^Nobody is banned' <(oh security)
check "ban" oh security ban 198.51.100.0/24 --seconds 100 --reason "scans"
check "it is shown" grep -q '198.51.100.0/24 .*scans' <(oh security)
check "lift" oh security lift 198.51.100.0/24
oh security lift 198.51.100.0/24 >/dev/null 2>&1; check "there is none any more" same $? 3
oh security ban nonsense >/dev/null 2>&1; check "no address" same $? 2
check "allow" oh security allow add 192.0.2.0/24 --note office
oh security ban 192.0.2.7 >/dev/null 2>&1; check "what is allowed is not banned" same $? 4
check "listed" grep -q '192.0.2.0/24 .*office' <(oh security allow list)
check "removed" oh security allow remove 192.0.2.0/24
check "a limit" oh security limit add failures --value 20
check "changed" oh security limit set failures --value 5
check "removed" oh security limit remove failures

test_ "a second server on the same data is refused"
run_ 4 serve --data "$T/data" --sip-port 5099 --http-port 0 --https-port 0
check "the first goes on" up

test_ "with the server down: what is safe works on the database"
server_stop || bad "exit status $?"
json 0 '[.items[].number] | length >= 4' extension list
json 0 '.number == "105"' extension add 105 --name Later
cli 0 extension set 105 --name Sooner
cli 0 config history
cli 0 config export
cli 0 cdr
cli 5 calls
cli 5 status
server_start
json 0 '.name == "Sooner"' extension show 105
done_

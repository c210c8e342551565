# A restart keeps extensions and registrations; a kill loses no committed change and orphans are closed.
. "$HERE/lib.sh"
server_start
numbers 100 101

test_ "SIGTERM during a call: BYE reaches both, exit status 0, the record is closed"
phone a 100 udp 440
phone b 101 tcp 1000
mark a b; tell a dial 101
event b CALL_INCOMING
tell b accept
event a CALL_ESTABLISHED
mark a b
server_stop || bad "exit status $?"
event a CALL_CLOSED 5
event b CALL_CLOSED 5
check "record" oh cdr --json --limit 1
cdr "closed by the stop" '.from == "100" and .outcome == "answered" and .end_ms != null and .ended_by == "system"'

test_ "the second start keeps extensions, passwords and registrations, and shows no password"
: >"$T/server.log"
server_start
grep -q 'secret-100-x' "$T/server.log" && bad "the second start shows a password"
check "100 is registered" registered 100
check "extensions" same "$(oh extension list --json | jq -r '[.items[].number] | join(" ")')" "100 101"
check "password" same "$(oh extension show 100 --password --json | jq -r .password)" "secret-100-x"

test_ "a kept registration is called at once"
mark a; 
CODE=486 sipp_ c uac_refused 101 100 udp
event a CALL_INCOMING
tell a hangup
sipp_ok $CHILD "caller" c

test_ "kill -9 during a call: committed changes are there, the open record is closed with its last known time"
mark a b
tell b dial 100
event a CALL_INCOMING
tell a accept
event b CALL_ESTABLISHED
oh extension add 150 --name "Just in time" --password secret-150-x >/dev/null || bad "extension add"
sleep 2.2 # records are written once a second
kill -9 $SRV; wait $SRV 2>/dev/null; SRV=
check "with the server down" oh extension show 150 --json
server_start
check "the change is there" same "$(oh extension show 150 --json | jq -r .name)" "Just in time"
check "100 is registered" registered 100
cdr "orphan" '.from == "101" and .to == "100" and .end_ms != null and .final and .outcome == "interrupted" and .answer_ms != null and .end_ms >= .answer_ms and .end_ms < .answer_ms + 5000'
check "no call" calls_now 0
tell a hangup; tell b hangup
done_

# Two sipp agents that know PRACK, UPDATE and session timers (RFC 3262, 3311, 4028), each way over UDP and TCP.
. "$HERE/lib.sh"

# pair TRANSPORT-OF-CALLER TRANSPORT-OF-CALLEE CALLER CALLEE FROM TO
pair() {
	local tx=$1 ty=$2 x=$3 y=$4 from=$5 to=$6 uas
	test_ "sipp: $from ($tx) calls $to ($ty): PRACK, UPDATE before the answer, sessions refreshed both ways"
	sipp_register "$x" "$from" "$tx"
	sipp_register "$y" "$to" "$ty"
	sipp_ "$y" uas_ext "$to" "$to" "$ty"; uas=$CHILD
	sleep 0.3
	sipp_ "$x" uac_ext "$from" "$to" "$tx"
	sipp_ok $CHILD "caller" "$x"
	sipp_ok $uas "callee" "$y"
	cdr "$from to $to" ".from == \"$from\" and .answered_by == \"$to\" and .ended_by == \"caller\" and .outcome == \"answered\""
}

server_start
numbers 102 103 104 105
pair udp udp a b 102 103
pair tcp udp b a 104 102
pair udp tcp a b 103 105
pair tcp tcp a b 104 105

test_ "sipp: a session timer of a minute is too short"
sipp_ a uac_timer_short 102 103 udp
sipp_ok $CHILD "caller" a
done_

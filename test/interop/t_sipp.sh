# Two sipp agents, each way over UDP and TCP, with sound, hold and resume; sound over IPv6 on one side.
. "$HERE/lib.sh"

# pair TRANSPORT-OF-CALLER TRANSPORT-OF-CALLEE CALLER CALLEE FROM TO
pair() {
	local tx=$1 ty=$2 x=$3 y=$4 from=$5 to=$6 uas ra rb
	test_ "sipp: $from ($tx) calls $to ($ty), both hear the other's tone, hold and resume"
	sipp_register "$x" "$from" "$tx"
	sipp_register "$y" "$to" "$ty"
	sipp_ "$y" uas "$to" "$to" "$ty"; uas=$CHILD
	sound "$x" 440 30; ra=$CHILD
	sound "$y" 1000 30; rb=$CHILD
	sleep 0.3
	sipp_ "$x" uac "$from" "$to" "$tx"
	sipp_ok $CHILD "caller" "$x"
	sipp_ok $uas "callee" "$y"
	sound_is "$x" $ra '^\.*.?b{8,}.?\.{7,}.?b{6,}.?\.*$' 440 1000
	sound_is "$y" $rb '^\.*.?a{8,}.?\.{7,}.?a{6,}.?\.*$' 440 1000
	cdr "$from to $to" ".from == \"$from\" and .to == \"$to\" and .answered_by == \"$to\" and .ended_by == \"caller\" and .outcome == \"answered\"
		and .talk_ms >= 2800 and .talk_ms < 6000 and ([.legs[] | .codec == \"PCMU\" and (.quality | .received > 60 and .lost <= 8)] | length == 2 and all)"
}

server_start
numbers 102 103 104 105
# who is held hears nothing here, so that the tones can be told from it
oh settings set --hold-music false >/dev/null || bad "hold music cannot be turned off"
pair udp udp a b 102 103
pair udp udp b a 103 102
pair tcp tcp a b 104 105
pair tcp udp b a 105 102
done_

# Debian's kamailio as a provider of lines, found by SRV: registered with, called through, called from; its first server stops
# while a call is up; what goes wrong is told in words. sipp is the telephone network behind it.
. "$HERE/lib.sh"
need_ kamailio openssl
PROVIDER1=127.0.1.1 PROVIDER2=127.0.1.2 SECURE=127.0.1.3 EXPIRED=127.0.1.4 PSTN=127.0.1.9 NAMESERVER=127.0.1.53
declare -A KAM

provider() { # provider IP [TLS CERT KEY]: a server of the provider
	local d=$T/kam-$1
	mkdir -p "$d"
	sed "s|@IP@|$1|; s|@PSTN@|$PSTN|; s|@CERT@|${3:-}|; s|@KEY@|${4:-}|" "$HERE/kamailio/provider.cfg" >"$d/kamailio.cfg"
	spawn "$d/log" kamailio -x fm -f "$d/kamailio.cfg" -DD -E -m 32 -M 8 ${2:+-A WITH_TLS} -P "$d/pid" -Y "$d"
	KAM[$1]=$CHILD
	within 10 udp_open "$1" || bad "kamailio at $1 does not start: $(tail -n 3 "$d/log")"
}
udp_open() { ss -Hnlu "src $1:5060" | grep -q .; }
provider_stop() { # provider_stop IP
	kill "${KAM[$1]}" 2>/dev/null; end_of "${KAM[$1]}" 10
	within 5 eval "! udp_open $1" || bad "kamailio at $1 goes on"
}
cdr_of() { # cdr_of NUMBER FILTER: the record of the call to it
	oh cdr --json --limit 10 | jq -e --arg to "$1" "[.items[] | select(.to == \$to)][0] | .final and ($2)" >/dev/null || bad "call record: $(oh cdr --json --limit 10 | jq -c --arg to "$1" '.items[] | select(.to == $to) | del(.legs)')"
}
authority() { # authority FILE: signs certificates
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 3650 -subj "/CN=Test Authority" 2>>"$T/openssl.log"
	: >"$1.index"; echo 01 >"$1.serial"
	printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s.index\nserial=%s.serial\nnew_certs_dir=%s\ncertificate=%s.pem\nprivate_key=%s.key\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n' \
		"$1" "$1" "$T" "$1" "$1" >"$1.cnf"
}
certificate() { # certificate FILE NAME FROM UNTIL
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" 2>>"$T/openssl.log"
	openssl ca -batch -notext -config "$T/ca.cnf" -startdate "$3" -enddate "$4" -in "$1.csr" -out "$1.pem" >>"$T/openssl.log" 2>&1 || bad "no certificate for $2"
}
network() { # the telephone network: answers every call, counts them
	mkdir -p "$T/pstn"
	spawn "$T/pstn/log" sipp -sn uas -i $PSTN -p 5060 -mp 7200 -nostdin -timeout 180s -trace_msg -message_file "$T/pstn/msg" -trace_err -error_file "$T/pstn/err"
}
trunk_says() { # trunk_says NAME PATTERN
	oh trunk status "$1" --json | jq -e --arg p "$2" '.words | test($p)'
}
words() { # words NAME PATTERN [SECONDS]: a trunk says of itself
	within "${3:-12}" trunk_says "$1" "$2" || bad "trunk $1 says \"$(oh trunk status "$1" --json | jq -r .words)\", not $2"
}
alarm_says() { oh status --json | jq -e --arg p "$1" '[.alarms[].text | test($p)] | any'; }
calls_up() { [ "$(oh calls --json | jq '[.items[] | select(.state == "up")] | length')" = "$1" ]; }
pstn_got() { grep -a -q "INVITE sip:$1@" "$T/pstn/msg"; }
phone_call() { # phone_call FROM TO SECONDS
	spawn "$T/phone-$1.log" "$BIN" phone --headless --user "$1" --password "secret-$1-x" --call "$2" --tone 440 --seconds "$3"
}
phone_answer() { spawn "$T/phone-$1.log" "$BIN" phone --headless --user "$1" --password "secret-$1-x" --answer --tone 1000 --wait 30; }
from_network() { # from_network NUMBER: the network calls a number of the customer's
	spawn "$T/pstn/uac.log" sipp $PROVIDER1:5060 -sf "$HERE/sipp/network.xml" -i $PSTN -p 5090 -mp 7300 -s "$1" -m 1 -nostdin -timeout 20s -timeout_error -trace_err -error_file "$T/pstn/uac.err"
}

cat >"$T/zone" <<X
_sip._udp.provider.test 60 SRV 10 10 5060 sip1.provider.test
_sip._udp.provider.test 60 SRV 20 10 5060 sip2.provider.test
sip1.provider.test 60 A $PROVIDER1
sip2.provider.test 60 A $PROVIDER2
expired.test 60 A $EXPIRED
good.test 60 A $SECURE
other.test 60 A $SECURE
X
spawn "$T/dns.log" "$TOOLS/dnsd" $NAMESERVER 5353 "$T/zone"
within 5 grep -q ready "$T/dns.log" || bad "the name server does not start: $(tail -n 2 "$T/dns.log")"
provider $PROVIDER1
provider $PROVIDER2
authority "$T/ca"
certificate "$T/good" good.test 20250101000000Z 20450101000000Z
certificate "$T/expired" expired.test 20240101000000Z 20250101000000Z
provider $SECURE tls "$T/good.pem" "$T/good.key"
provider $EXPIRED tls "$T/expired.pem" "$T/expired.key"
network
server_start --listen 127.0.0.1 --dns $NAMESERVER:5353 --tls-ca "$T/ca.pem"
numbers 100 101 102

test_ "provider: found by SRV, registered with its first server, told in words"
oh trunk add line --server provider.test --user 4930123456 --password line-secret-1 --check-seconds 2 --answer-ms 1000 --expires 60 >>"$T/cli.log" 2>&1 \
	|| bad "trunk add: $(tail -n 2 "$T/cli.log")"
oh numbering set --country DE --area-code 30 >>"$T/cli.log" 2>&1 || bad "numbering: $(tail -n 1 "$T/cli.log")"
oh route out add all --pattern . --trunks line >>"$T/cli.log" 2>&1 || bad "route: $(tail -n 1 "$T/cli.log")"
oh did add +4930555100 --target 101 >>"$T/cli.log" 2>&1 || bad "did: $(tail -n 1 "$T/cli.log")"
words line 'registered with .*127\.0\.1\.1'

test_ "provider: a call out, with the provider's 407"
phone_call 100 03098765 2; call=$CHILD
within 8 calls_up 1 || bad "no call: $(tail -n 3 "$T/phone-100.log")"
within 8 pstn_got 03098765 || bad "the network was not asked for 03098765"
check "the caller's end" end_of $call 15
cdr "by the trunk" '.from == "100" and .to == "03098765" and .outcome == "answered" and .outside.trunk == "line" and .outside.route == "all"'

test_ "provider: a call in by DID"
phone_answer 101; answerer=$CHILD
within 8 registered 101 || bad "101 does not register"
from_network +4930555100; check "the network's caller" end_of $CHILD 20
check "the phone that was called" end_of $answerer 20
cdr "by DID" '.from == "+4940123456" and .from_name == "Caller" and .answered_by == "101" and .outcome == "answered" and .ended_by == "caller"'

test_ "provider: the first server stops while a call is up: the call goes on, new ones use the second, the alarm names the first"
phone_call 100 03098761 25; call=$CHILD
within 8 calls_up 1 || bad "no call: $(tail -n 3 "$T/phone-100.log")"
provider_stop $PROVIDER1
within 15 alarm_says 'sip1\.provider\.test|127\.0\.1\.1' || bad "no alarm: $(oh status --json | jq -c .alarms)"
words line '127\.0\.1\.2' 20
phone_call 102 03098762 1; second=$CHILD
check "a new call" end_of $second 20
cdr "the new call" '.from == "102" and .outcome == "answered"'
within 3 calls_up 1 || bad "the first call has ended"
check "the first call's end" end_of $call 30
sleep 1; cdr_of 03098761 '.from == "100" and .to == "03098761" and .outcome == "answered" and .talk_ms > 15000'

test_ "provider: it comes back, the alarm goes"
provider $PROVIDER1
within 20 eval '! alarm_says "provider.test|127.0.1.1"' || bad "the alarm stays: $(oh status --json | jq -c .alarms)"

test_ "provider: what is wrong is told in words"
oh trunk add wrong --server provider.test --user 4930123456 --password not-the-secret >>"$T/cli.log" 2>&1
oh trunk add suspended --server provider.test --user 4930999999 --password line-secret-1 >>"$T/cli.log" 2>&1
oh trunk add nowhere --server nosuch.test --user 1 --password line-secret-1 >>"$T/cli.log" 2>&1
oh trunk add expired --server expired.test --transport tls --user 4930123456 --password line-secret-1 >>"$T/cli.log" 2>&1
oh trunk add foreign --server other.test --transport tls --user 4930123456 --password line-secret-1 >>"$T/cli.log" 2>&1
oh trunk add secure --server good.test --transport tls --domain provider.test --user 4930123456 --password line-secret-1 >>"$T/cli.log" 2>&1
words wrong 'password'
words suspended '403'
words suspended 'Account Suspended'
words nowhere 'nosuch\.test'
words expired 'expired'
words foreign 'other\.test'
words secure 'registered with'
oh trunk status >"$T/trunks.txt" 2>&1

test_ "provider: a refused call says so to the caller"
phone_call 100 0900123456 5; check "closed numbers stay closed" eval "! end_of $CHILD 15"
cdr "premium" '.outcome != "answered"'
done_

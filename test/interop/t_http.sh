#!/bin/bash
# The page's ports asked by curl and openssl: files, conditions, TLS with the certificate replaced live, ports in use.
. "$HERE/lib.sh"
need_ curl openssl jq

CURL="curl -s -S --http1.1 --max-time 10"
H=http://127.0.0.1:8080 S=https://127.0.0.1:8443
ask() { $CURL -D "$T/head" -o "$T/body" "$@"; }        # ask CURL-OPTIONS...: head and body to files
status() { ask "$@" && same "$(sed -n '1s/^HTTP\/1.1 \([0-9]*\).*/\1/p' "$T/head")" "$WANT"; }
is() { local WANT=$1; shift; check "status $WANT: $*" status "$@"; } # is STATUS CURL-OPTIONS...
head_has() { check "field: $1" grep -i -q -- "$1" "$T/head"; }

server_start --listen 127.0.0.1
within 5 curl -s -o /dev/null --max-time 1 $H/

test_ "$NAME: the page's files: as they are, packed, known already"
is 200 $H/
head_has "^content-type: text/html"
head_has "^content-security-policy: .*script-src 'self';"
cp "$T/body" "$T/plain"
is 200 --compressed $H/extensions
head_has "^content-encoding: gzip"
check "packed and plain are the same" cmp "$T/body" "$T/plain"
js=$(grep -o '/assets/[^"]*\.js' "$T/plain" | head -n 1)
is 200 --compressed "$H$js"
head_has "^cache-control: public, max-age=31536000, immutable"
$CURL --etag-save "$T/etag" -o "$T/plain" $H/
is 304 --etag-compare "$T/etag" $H/
is 404 "$H/assets/../../../etc/passwd.txt" --path-as-is
is 405 -X DELETE $H/
is 200 -I $H/
check "no body" test ! -s "$T/body" -o "$(head -c 4 "$T/body")" = HTTP

test_ "$NAME: what needs a session says so; bodies have an end"
is 401 $H/api/v1/status
is 401 -X POST -H 'Content-Type: application/json' -d '{"number": "200"}' $H/api/v1/extensions
head -c 17000000 /dev/zero >"$T/big"
is 413 -X POST -H 'Expect:' --data-binary "@$T/big" $H/api/v1/session
is 413 -X POST -H 'Transfer-Encoding: chunked' -H 'Expect:' --data-binary "@$T/big" $H/api/v1/session
is 431 -H "X-Long: $(head -c 70000 /dev/zero | tr '\0' x)" $H/
is 200 $H/healthz
rm -f "$T/big"

test_ "$NAME: TLS with the server's own certificate; versions before 1.2 are refused"
is 200 --cacert "$T/data/tls/cert.pem" $S/
is 200 --cacert "$T/data/tls/cert.pem" --tls-max 1.2 $S/
check "TLS 1.1 is refused" bash -c "! $CURL -k --tls-max 1.1 --ciphers DEFAULT:@SECLEVEL=0 $S/"
check "plain HTTP on the TLS port is refused" bash -c "! $CURL http://127.0.0.1:8443/"
check "TLS on the plain port is refused" bash -c "! $CURL -k https://127.0.0.1:8080/"

test_ "$NAME: the certificate is replaced, open connections go on"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/new.key" -out "$T/new.pem" -days 30 \
	-subj /CN=new -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
mkfifo "$T/say"
openssl s_client -quiet -connect 127.0.0.1:8443 <"$T/say" >"$T/kept" 2>/dev/null &
PIDS+=($!)
exec 7>"$T/say"
printf 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' >&7
within 5 grep -q 'HTTP/1.1 200' "$T/kept" || bad "no answer before: $(head -c 200 "$T/kept")"
check "certificate set" oh certificate set "$T/new.pem" "$T/new.key"
within 5 $CURL --cacert "$T/new.pem" -o /dev/null $S/ || bad "the new certificate is not used"
printf 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' >&7
two() { [ "$(grep -c 'HTTP/1.1 200' "$T/kept")" = 2 ]; }
within 5 two || bad "the open connection did not go on"
exec 7>&-

test_ "$NAME: a WebSocket needs our origin and a session"
ws() { $CURL -o "$T/body" -w '%{http_code}' --max-time 2 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
	-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -H 'Sec-WebSocket-Version: 13' "$@" $H/api/v1/events; }
check "a stranger's page" same "$(ws -H 'Sec-WebSocket-Protocol: offhook.events.v1' -H 'Origin: http://evil.example')" 403
check "another subprotocol" same "$(ws -H 'Sec-WebSocket-Protocol: chat')" 400
check "no upgrade at all" same "$($CURL -o /dev/null -w '%{http_code}' $H/api/v1/events)" 426

test_ "$NAME: the ports in the status, and in use"
check "listeners" bash -c "'$BIN' status --json --data '$T/data' | jq -e '.page == \"http://127.0.0.1:8080/\" and (.listeners | index(\"https 127.0.0.1:8443\"))'"
"$BIN" serve --data "$T/other" --listen 127.0.0.1 --sip-port 5090 >"$T/second" 2>&1 && bad "a second server started"
check "another port is named" grep -q 'Web port 8080 .* in use .*--http-port 8090' "$T/second"

done_

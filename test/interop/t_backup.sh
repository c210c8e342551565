# Backup and restore as people do them: with the server up and down, onto another machine, after damage and a kill;
# and addresses that are changed while phones talk.
. "$HERE/lib.sh"
server_start
numbers 100 101

call_echo() { # call_echo PORT: 100 hears itself
	timeout 30 "$BIN" phone --headless --server "127.0.0.1:$1" --user 100 --password secret-100-x --call '*43' --tone 440 --expect-tone 440 --seconds 3
}
names() { oh extension list --json | jq -r '[.items[] | .number + "=" + .name] | join(" ")'; }
records() { oh cdr --json | jq '.items | length'; }

test_ "a backup while a call goes on: a tar that tar reads, without the key and the private key of the certificate"
oh extension set 100 --name Desk >/dev/null
mkdir -p "$T/data/sounds/en"; echo sound >"$T/data/sounds/en/own.wav"
spawn "$T/phone.log" call_echo 5060; P=$CHILD
within 5 calls_now 1 || bad "no call"
check "backup" oh backup "$T/plain.tar.gz"
check "backup with a passphrase" bash -c "echo 'correct horse' | $BIN backup --passphrase - $T/locked.tar.gz --data $T/data"
end_of $P 30 || bad "the call: $(tail -n 2 "$T/phone.log")"
check "members" bash -c "tar tzf $T/plain.tar.gz | grep -qx sounds/en/own.wav"
mkdir -p "$T/out"; tar xzf "$T/plain.tar.gz" -C "$T/out"
[ -e "$T/out/key" ] && bad "the key is in it"
grep -q 'PRIVATE KEY' -r "$T/out" && bad "a private key is in it"
check "mode" same "$(stat -c %a "$T/plain.tar.gz")" 600
check "nothing is left in backup/" same "$(ls "$T/data/backup")" ""

test_ "restore with the server up: the difference first, then at once, and undone"
check "another backup" oh backup "$T/b.tar.gz"
before=$(names) n=$(records)
oh extension set 100 --name Other >/dev/null; oh extension remove 101 >/dev/null; oh extension add 300 >/dev/null
rm "$T/data/sounds/en/own.wav"
oh restore --dry-run "$T/b.tar.gz" >"$T/diff"
for line in '+ extension 101' '~ extension 100 Other' '- extension 300'; do grep -qF -- "$line" "$T/diff" || bad "the difference lacks \"$line\""; done
check "nothing is changed" same "$(oh extension show 100 --json | jq -r .name)" Other
oh restore "$T/b.tar.gz" >"$T/done" 2>&1 || bad "restore: $(cat "$T/done")"
check "configuration" same "$(names)" "$before"
check "records" same "$(records)" "$n"
check "sound" test -e "$T/data/sounds/en/own.wav"
check "a phone calls with its password" call_echo 5060
oh config undo "$(oh config history --json --limit 1 | jq '.items[0].id')" >/dev/null
check "undone" same "$(oh extension show 100 --json | jq -r .name)" Other
oh restore "$T/b.tar.gz" >/dev/null || bad "restore again"

test_ "onto another machine: with the passphrase it runs, without it is refused in words"
"$BIN" restore "$T/plain.tar.gz" --data "$T/two" 2>"$T/err" && bad "restored without a key"
grep -q 'without a passphrase' "$T/err" || bad "it says: $(cat "$T/err")"
echo 'wrong horse' | "$BIN" restore --passphrase - "$T/locked.tar.gz" --data "$T/two" 2>"$T/err" && bad "restored with a wrong passphrase"
grep -q 'passphrase is wrong' "$T/err" || bad "it says: $(cat "$T/err")"
[ -e "$T/two/offhook.db" ] && bad "a database is there"
check "with the passphrase" bash -c "echo 'correct horse' | $BIN restore --passphrase - $T/locked.tar.gz --data $T/two"
check "password" same "$("$BIN" extension show 100 --password --json --data "$T/two" | jq -r .password)" secret-100-x
check "certificate" cmp "$T/data/tls/key.pem" "$T/two/tls/key.pem"
check "records of both" bash -c "[ \$($BIN cdr --json --data $T/two | jq '.items | length') -ge 1 ]"

test_ "damaged, cut and foreign files are refused with a sentence and change nothing"
before=$(names)
head -c 3000 "$T/b.tar.gz" >"$T/cut.tar.gz"
cp "$T/b.tar.gz" "$T/flip.tar.gz"; printf '\xff\xfe\xfd' | dd of="$T/flip.tar.gz" bs=1 seek=4000 conv=notrunc 2>/dev/null
tar czf "$T/foreign.tar.gz" -C /etc hostname 2>/dev/null
for f in cut:damaged flip:damaged foreign:"no backup of offhook"; do
	oh restore "$T/${f%%:*}.tar.gz" 2>"$T/err" && bad "${f%%:*} is taken"
	grep -q "${f#*:}" "$T/err" || bad "${f%%:*}: $(cat "$T/err")"
done
check "as before" same "$(names)" "$before"

test_ "a kill while it is restored loses nothing; the next try completes it"
oh extension set 100 --name Changed >/dev/null
oh restore "$T/b.tar.gz" >/dev/null 2>&1 & R=$!
sleep 0.05; kill -9 $SRV; wait $SRV $R 2>/dev/null; SRV=
server_start
check "one of both states" bash -c "$BIN extension show 100 --json --data $T/data | jq -e '.name == \"Changed\" or .name == \"Desk\"'"
oh restore "$T/b.tar.gz" >/dev/null || bad "restore"
check "complete" same "$(names)" "$before"

test_ "with the server down"
oh extension set 100 --name Changed >/dev/null
server_stop || bad "exit status $?"
check "backup" oh backup "$T/down.tar.gz"
check "restore" oh restore "$T/b.tar.gz"
check "restored" same "$(names)" "$before"
server_start

test_ "another SIP port works beside the old one, then alone; unconfirmed it is gone after a crash"
oh network set --sip-port 5090 >"$T/net" || bad "network set"
grep -q 'network confirm' "$T/net" || bad "it does not say how to confirm"
check "old port" call_echo 5060
check "new port" call_echo 5090
check "confirm" oh network confirm
check "new port alone" call_echo 5090
call_echo 5060 >/dev/null 2>&1 && bad "the old port still answers"
oh network set --sip-port 5095 >/dev/null || bad "network set"
kill -9 $SRV; wait $SRV 2>/dev/null; SRV=
server_start
check "as confirmed" call_echo 5090
within 5 bash -c "[ \"\$($BIN network show --json --data $T/data | jq .sip_port)\" = 5090 ]" || bad "the row says $(oh network show --json | jq .sip_port)"
done_

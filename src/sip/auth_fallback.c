/*
 * auth_fallback.c - phones that cannot do SHA-256: MD5 alone is offered to them for an hour.
 *
 * They are found in three ways. Some say they do SHA-256 and fail twice with it. Some are silent: they give up on a
 * challenge that names an algorithm unknown to them, although RFC 8760 2.4 has them take the next one, and ask again
 * later without credentials. And a few are known to be so by name, which spares their users the wait.
 * The others are known by address and user of From, so that one phone does not change what its neighbours behind
 * the same NAT get. The table is of fixed size; the entry that ends first makes room.
 */
#include "base/hash.h"
#include "sip/auth_priv.h"

enum { FAILS = 2, KEEP_MS = 3600 * 1000, SILENT_MS = 4000 };

static uint64_t key_of(const struct sip_msg *msg)
{
	return ((uint64_t)hash_bytes(msg->from.uri.user) << 32 | sa_hash_addr(&msg->src)) | 1;
}

static struct fallback_entry *set_of(const struct fallback *f, uint64_t key)
{
	return (struct fallback_entry *)f->e[(key >> 8 ^ key >> 40) % FALLBACK_SETS];
}

static struct fallback_entry *find(const struct fallback *f, uint64_t key)
{
	struct fallback_entry *v = set_of(f, key);

	for (size_t i = 0; i < FALLBACK_WAYS; i++)
		if (v[i].key == key)
			return &v[i];
	return NULL;
}

/* Room for a new key: what ends first, and of those that only wait for an answer the one that waits longest. */
static struct fallback_entry *make_room(struct fallback *f, uint64_t key)
{
	struct fallback_entry *v = set_of(f, key), *e = v;

	for (size_t i = 1; i < FALLBACK_WAYS; i++)
		if (v[i].until < e->until || (v[i].until == e->until && v[i].asked < e->asked))
			e = &v[i];
	return e;
}

void fallback_note(struct fallback *f, const struct sip_msg *msg, bool failed, uint64_t now)
{
	uint64_t key = key_of(msg);
	struct fallback_entry *e = find(f, key);

	if (!e) {
		if (!failed)
			return;
		e = make_room(f, key);
		e->key = key;
		e->fails = 0;
	}
	if (!failed || e->until < now)
		e->fails = 0;
	e->fails += failed;
	e->until = failed ? now + KEEP_MS : 0;
	e->asked = 0;
}

void fallback_asked(struct fallback *f, const struct sip_msg *msg, uint64_t now)
{
	uint64_t key = key_of(msg);
	struct fallback_entry *e = find(f, key);

	if (!e) {
		e = make_room(f, key);
		if (e->until >= now && e->until)
			return; /* all of them have failed: they matter more */
		*e = (struct fallback_entry){.key = key, .asked = now + 1};
		return;
	}
	if (e->asked && now >= e->asked + SILENT_MS) {
		fallback_note(f, msg, true, now);
		e->asked = now + 1;
	}
	if (!e->asked)
		e->asked = now + 1;
}

void fallback_md5(struct fallback *f, const struct sip_msg *msg, bool right, uint64_t now)
{
	struct fallback_entry *e = find(f, key_of(msg));

	if (!e)
		return;
	e->asked = 0;
	if (right && e->until >= now && e->fails >= FAILS)
		e->until = now + KEEP_MS; /* or its next refresh would find SHA-256 again */
}

/* Versions that end a registration or call when a challenge names an algorithm other than MD5, wherever it stands. */
static bool known_agent(const struct sip_msg *msg)
{
	static const char *const names[] = {"baresip v0.", "baresip v1.", "SIPp"};
	struct slice ua = sip_msg_val(msg, SIP_HDR_USER_AGENT);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice name = slice_str(names[i]);

		if (ua.l >= name.l && slice_ieq(slice_first(ua, name.l), name))
			return true;
	}
	return false;
}

bool fallback_active(const struct fallback *f, const struct sip_msg *msg, uint64_t now)
{
	const struct fallback_entry *e = find(f, key_of(msg));

	return (e && e->fails >= FAILS && e->until >= now) || known_agent(msg);
}

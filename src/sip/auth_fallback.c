/*
 * auth_fallback.c - phones that say they do SHA-256 and fail twice with it: MD5 alone is offered to them for an hour.
 *
 * Known by address and user of From, so that one phone does not change what its neighbours behind
 * the same NAT get. The table is of fixed size; the entry that ends first makes room.
 */
#include "base/hash.h"
#include "sip/auth_priv.h"

enum { FAILS = 2, KEEP_MS = 3600 * 1000 };

static uint64_t key_of(const struct sip_msg *msg)
{
	return ((uint64_t)hash_bytes(msg->from.uri.user) << 32 | sa_hash_addr(&msg->src)) | 1;
}

static size_t set_of(uint64_t key)
{
	return (key >> 8 ^ key >> 40) % FALLBACK_SETS;
}

void fallback_note(struct fallback *f, const struct sip_msg *msg, bool failed, uint64_t now)
{
	uint64_t key = key_of(msg);
	size_t s = set_of(key), at = FALLBACK_WAYS, oldest = 0;

	for (size_t i = 0; i < FALLBACK_WAYS; i++) {
		if (f->e[s][i].key == key)
			at = i;
		if (f->e[s][i].until < f->e[s][oldest].until)
			oldest = i;
	}
	if (at == FALLBACK_WAYS) {
		if (!failed)
			return;
		at = oldest;
		f->e[s][at].key = key;
		f->e[s][at].fails = 0;
	}
	if (!failed || f->e[s][at].until < now)
		f->e[s][at].fails = 0;
	f->e[s][at].fails += failed;
	f->e[s][at].until = failed ? now + KEEP_MS : 0;
}

bool fallback_active(const struct fallback *f, const struct sip_msg *msg, uint64_t now)
{
	uint64_t key = key_of(msg);
	size_t s = set_of(key);

	for (size_t i = 0; i < FALLBACK_WAYS; i++)
		if (f->e[s][i].key == key)
			return f->e[s][i].fails >= FAILS && f->e[s][i].until >= now;
	return false;
}

/*
 * sip_session.c - Session-ID (RFC 7989): both legs of a call carry the UUIDs of its two ends, unchanged, so that a call
 * can be followed through us, and recognised when it comes back.
 *
 * An end that has no UUID gets one of ours, made by a keyed hash of what the leg is, so that nothing need be kept.
 */
#include "call/sip_identity.h"
#include "wire/sip/session_id.h"

/* UUID version 5 in form (RFC 9562 5.5): made from a name with a secret. */
static void make(struct sip_uuid *u, const struct call *c, const void *end)
{
	struct {
		char id[24];
		const void *end;
		uint32_t k;
	} name;

	memset(&name, 0, sizeof(name));
	memcpy(name.id, c->id, sizeof(name.id));
	name.end = end;
	for (name.k = 0; name.k < 4; name.k++) {
		uint32_t h = hash_bytes(slice_mem(&name, sizeof(name)));

		memcpy(u->b + 4 * name.k, &h, sizeof(h));
	}
	u->b[6] = (uint8_t)((u->b[6] & 0x0f) | 0x50);
	u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

static uint32_t key(const struct sip_uuid *u)
{
	return hash_bytes(slice_mem(u->b, sizeof(u->b)));
}

void sip_session_begin(struct sip_leg *sl, const struct sip_msg *invite)
{
	struct sip_session_id id;

	if (!sip_session_id_get(&id, invite) && sip_uuid_isset(&id.local))
		sl->session = id.local;
	else
		make(&sl->session, sl->leg->call, sl->leg);
	if (hash_add(&sl->edge->sessions, key(&sl->session), &sl->session_le))
		log_debug("call", "%s: a circle would not be noticed: out of memory", sl->leg->call->id);
}

void sip_session_end(struct sip_leg *sl)
{
	hash_del(&sl->edge->sessions, &sl->session_le);
}

void sip_session_note(struct sip_leg *sl, const struct sip_msg *msg)
{
	struct sip_session_id id;

	/* the caller's stays what it is found by */
	if (!sl->session_le.pprev && !sip_session_id_get(&id, msg) && sip_uuid_isset(&id.local))
		sl->session = id.local;
}

/* The UUID of the party that the leg is towards. */
static struct sip_uuid uuid_of(const struct leg *l)
{
	const struct sip_leg *sl = l->ops == &sip_leg_ops ? l->proto : NULL;
	struct sip_uuid u;

	if (sl && sip_uuid_isset(&sl->session))
		return sl->session;
	make(&u, l->call, l);
	return u;
}

/* The other end: the party that was reached, the caller, or something of ours. Once it is gone it keeps its name. */
static void note_opposite(struct sip_leg *sl)
{
	const struct leg *l = sl->leg, *other = leg_connected(l);

	if (!other && l->outgoing)
		other = l->call->a;
	if (other)
		sl->opposite = uuid_of(other);
	else if (!sip_uuid_isset(&sl->opposite))
		make(&sl->opposite, l->call, NULL);
}

void sip_session_enc(struct buf *b, struct sip_leg *sl)
{
	note_opposite(sl);

	struct sip_session_id id = {.local = sl->opposite, .has_remote = true, .remote = sl->session};

	buf_slice(b, sip_hdr_name(SIP_HDR_SESSION_ID));
	buf_str(b, ": ");
	sip_session_id_encode(b, &id);
	buf_str(b, "\r\n");
}

bool sip_session_known(const struct edge *e, const struct sip_msg *msg, const char *dialled)
{
	struct sip_session_id id;

	if (sip_session_id_get(&id, msg) || !sip_uuid_isset(&id.local))
		return false;
	for (struct hlink *k = hash_first(&e->sessions, key(&id.local)); k; k = hash_next(k)) {
		const struct sip_leg *sl = CONTAINER_OF(k, struct sip_leg, session_le);

		if (!memcmp(&sl->session, &id.local, sizeof(id.local)) && sl->leg->state != LEG_ENDED &&
		    sl->leg->call->state != CALL_ENDING && !strcmp(sl->leg->call->dialled, dialled))
			return true;
	}
	return false;
}

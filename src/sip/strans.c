/*
 * strans.c - server transactions: making, matching (RFC 3261 17.2.3), CANCEL (9.2), ending.
 *
 * The machines are in strans_invite.c and strans_other.c. One allocation holds the object and
 * the bytes that matching needs, so that the request itself can go once it is answered.
 */
#include <string.h>
#include "base/log.h"
#include "sip/sip_priv.h"

enum { KEY_MAX = 1024 };

/* Bytes in a fixed buffer; what does not fit is left out, which only makes a key less exact. */
struct key {
	size_t l;
	char p[KEY_MAX];
};

static void key_add(struct key *k, struct slice s)
{
	size_t n = s.l < KEY_MAX - k->l ? s.l : KEY_MAX - k->l;

	if (n)
		memcpy(k->p + k->l, s.p, n);
	k->l += n;
	if (k->l < KEY_MAX)
		k->p[k->l++] = 0;
}

static void key_add_u32(struct key *k, uint32_t v)
{
	key_add(k, slice_mem(&v, sizeof(v)));
}

/* Host names compare without case. */
static void key_add_host(struct key *k, struct slice s)
{
	size_t from = k->l;

	key_add(k, s);
	for (size_t i = from; i < k->l; i++)
		if (k->p[i] >= 'A' && k->p[i] <= 'Z')
			k->p[i] = (char)(k->p[i] | 0x20);
}

/*
 * Branch, sent-by and method; for branches from before RFC 3261: Request-URI, From tag, Call-ID, CSeq and topmost Via.
 * The method comes first, so that keys of both kinds begin alike.
 */
static void make_key(struct key *k, const struct sip_msg *msg, enum sip_method m)
{
	k->l = 0;
	if (m == SIP_OTHER_METHOD)
		key_add(k, msg->method);
	else
		key_add(k, slice_mem(&(char){(char)m}, 1));
	if (sip_via_rfc3261(&msg->via)) {
		key_add(k, msg->via.branch);
		key_add_host(k, msg->via.host);
		key_add_u32(k, msg->via.port);
		return;
	}
	key_add_u32(k, msg->cseq.num);
	key_add(k, msg->callid);
	key_add(k, msg->from.tag);
	key_add(k, msg->via.val);
	key_add(k, msg->ruri);
}

static void make_merge_key(struct key *k, const struct sip_msg *msg)
{
	k->l = 0;
	key_add_u32(k, msg->cseq.num);
	key_add(k, msg->method);
	key_add(k, msg->callid);
	key_add(k, msg->from.tag);
}

static struct slice key_slice(const struct key *k)
{
	return slice_mem(k->p, k->l);
}

static struct slice st_key(const struct sip_strans *st)
{
	return slice_mem(st->tail, st->key_l);
}

static struct slice st_merge_key(const struct sip_strans *st)
{
	return slice_mem(st->tail + st->key_l, st->merge_l);
}

static void strans_destroy(void *obj)
{
	struct sip_strans *st = obj;

	timer_stop(&st->tmr);
	mem_deref(st->msg);
	mem_deref(st->last);
}

static void set_up(struct sip_strans *st, struct sip_msg *msg)
{
	st->m = msg->m;
	st->invite = msg->m == SIP_INVITE;
	st->reliable = sip_transp_reliable(msg->tp);
	st->rfc2543 = !sip_via_rfc3261(&msg->via);
	st->msg = mem_ref(msg);
	sip_reply_dest(&st->dest, msg);
}

static int insert(struct sip_strans *st, struct sip *s)
{
	int err = hash_add(&s->strans, hash_bytes(st_key(st)), &st->he);

	if (!err && st->merge_l)
		err = hash_add(&s->merge, hash_bytes(st_merge_key(st)), &st->merge_he);
	if (err)
		hash_del(&s->strans, &st->he);
	return err;
}

int sip_strans_new(struct sip_strans **stp, struct sip *s, struct sip_msg *msg)
{
	struct key key, merge;
	struct sip_strans *st;
	struct slice tag = msg->to.tag;
	int err;

	merge.l = 0;
	make_key(&key, msg, msg->m);
	if (!tag.l && msg->m != SIP_CANCEL)
		make_merge_key(&merge, msg);
	st = mem_alloc(sizeof(*st) + key.l + merge.l + tag.l, strans_destroy);
	if (!st)
		return ENOMEM;
	memset(st, 0, sizeof(*st));
	st->key_l = (uint16_t)key.l;
	st->merge_l = (uint16_t)merge.l;
	st->tag_l = (uint16_t)tag.l;
	memcpy(st->tail, key.p, key.l);
	memcpy(st->tail + key.l, merge.p, merge.l);
	if (tag.l)
		memcpy(st->tail + key.l + merge.l, tag.p, tag.l);
	set_up(st, msg);
	err = insert(st, s);
	if (err) {
		mem_deref(st);
		return err;
	}
	st->sip = s;
	if (!st->invite)
		sip_ns_start(st);
	*stp = st;
	return 0;
}

/* RFC 3261 17.2.3: an old ACK carries the tag of our answer, everything else that of the request. */
static bool old_tag_matches(const struct sip_strans *st, const struct sip_msg *msg)
{
	struct slice tag = slice_mem(st->tail + st->key_l + st->merge_l, st->tag_l);

	if (msg->m == SIP_ACK && st->own_tag)
		tag = slice_str(st->tag);
	return slice_eq(tag, msg->to.tag);
}

struct sip_strans *sip_strans_find(const struct sip *s, const struct sip_msg *msg, enum sip_method m)
{
	struct key key;

	make_key(&key, msg, m);
	for (struct hlink *k = hash_first(&s->strans, hash_bytes(key_slice(&key))); k; k = hash_next(k)) {
		struct sip_strans *st = CONTAINER_OF(k, struct sip_strans, he);

		if (slice_eq(st_key(st), key_slice(&key)) && (!st->rfc2543 || old_tag_matches(st, msg)))
			return st;
	}
	return NULL;
}

bool sip_strans_merged(const struct sip_strans *st)
{
	if (!st->merge_he.pprev)
		return false;
	for (struct hlink *k = hash_first(&st->sip->merge, st->merge_he.key); k; k = hash_next(k)) {
		const struct sip_strans *other = CONTAINER_OF(k, struct sip_strans, merge_he);

		if (other != st && slice_eq(st_merge_key(other), st_merge_key(st)))
			return true;
	}
	return false;
}

const struct sip_msg *sip_strans_msg(const struct sip_strans *st)
{
	return st->msg;
}

struct sip *sip_strans_sip(const struct sip_strans *st)
{
	return st->sip;
}

struct slice sip_strans_tag(struct sip_strans *st)
{
	if (st->tag_l)
		return slice_mem(st->tail + st->key_l + st->merge_l, st->tag_l);
	if (!st->own_tag) {
		sip_make_tag(st->tag);
		st->own_tag = true;
	}
	return slice_mem(st->tag, SIP_TAG_LEN);
}

bool sip_strans_done(const struct sip_strans *st)
{
	return st->scode >= 200;
}

void sip_strans_set_ops(struct sip_strans *st, const struct sip_strans_ops *ops, void *arg)
{
	st->ops = ops;
	st->arg = arg;
}

void sip_strans_send(struct sip_strans *st)
{
	int err;

	if (!st->last || !st->sip)
		return;
	err = sip_send(st->sip, &st->dest, st->last, NULL);
	if (err)
		log_debug("sip", "answer %u could not be sent: %s", st->scode, err_str(err));
}

void sip_strans_resend(struct sip_strans *st)
{
	if (!st->sip)
		return;
	st->sip->st.retrans_tx++;
	sip_strans_send(st);
}

void sip_strans_acked(struct sip_strans *st)
{
	st->last = mem_deref(st->last);
}

void sip_strans_slim(struct sip_strans *st)
{
	st->msg = mem_deref(st->msg);
	if (st->scode >= 300)
		hash_del(&st->sip->merge, &st->merge_he);
}

static void leave_tables(struct sip_strans *st)
{
	timer_stop(&st->tmr);
	hash_del(&st->sip->strans, &st->he);
	hash_del(&st->sip->merge, &st->merge_he);
	list_unlink(&st->done_le);
	st->sip = NULL;
}

void sip_strans_end(struct sip_strans *st, int err)
{
	leave_tables(st);
	if (st->ops)
		st->ops->ended(st, err, st->arg);
	mem_deref(st);
}

static int flush_one(struct hlink *k, void *arg)
{
	struct sip_strans *st = CONTAINER_OF(k, struct sip_strans, he);

	(void)arg;
	st->ops = NULL;
	leave_tables(st);
	mem_deref(st);
	return 0;
}

void sip_strans_flush(struct sip *s)
{
	(void)hash_each(&s->strans, flush_one, NULL);
}

/*
 * RFC 3261 9.2. A CANCEL comes from where its INVITE came from (9.1): others have seen the branch too. The answer
 * carries the tag of the INVITE's answers. The request of the CANCEL is kept alive by the caller. Without a user the
 * INVITE is ended here.
 */
void sip_strans_cancel(struct sip_strans *st, struct sip_strans *invite)
{
	struct sip_msg *msg = mem_ref(st->msg);
	struct slice tag;

	if (!invite || !sa_eq_addr(&msg->src, &invite->dest.addr)) {
		sip_reply_simple(st, 481, NULL);
		mem_deref(msg);
		return;
	}
	tag = sip_strans_tag(invite);
	if (!st->tag_l && tag.l == SIP_TAG_LEN) {
		memcpy(st->tag, tag.p, SIP_TAG_LEN);
		st->tag[SIP_TAG_LEN] = 0;
		st->own_tag = true;
	}
	mem_ref(invite);
	sip_reply_simple(st, 200, NULL);
	if (!sip_strans_done(invite)) {
		if (invite->ops)
			invite->ops->cancelled(invite, msg, invite->arg);
		else
			sip_reply_simple(invite, 487, NULL);
	}
	mem_deref(invite);
	mem_deref(msg);
}

const char *sip_strans_state(const struct sip_strans *st)
{
	return st->invite ? sip_is_state(st) : sip_ns_state(st);
}

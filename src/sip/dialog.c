/*
 * dialog.c - the identity of dialogs, their table, and what arrives in them (RFC 3261 12.1, 12.2.2).
 *
 * The table is keyed by our own tag, which is random; Call-ID and the remote tag are
 * compared in full, so a guess at one of them finds nothing.
 */
#include "sip/dialog_priv.h"

#include <string.h>
#include "base/log.h"
#include "base/rand.h"

enum { CALLID_RANDOM = 22, FIRST_CSEQ_MAX = 30000 };

struct slice dialog_text(const struct dialog *d, enum dialog_text t)
{
	uint32_t from = t ? d->end[t - 1] : 0;

	return slice_mem(d->text + from, d->end[t] - from);
}

/** Replace the block by one with these texts; some of them may lie in the old block. */
static int store(struct dialog *d, const struct slice v[DIALOG_TEXTS])
{
	size_t total = 0, at = 0;
	char *p;

	for (int i = 0; i < DIALOG_TEXTS; i++)
		total += v[i].l;
	if (total > UINT32_MAX)
		return ERR_LIMIT;
	p = mem_alloc(total ? total : 1, NULL);
	if (!p)
		return ENOMEM;
	for (int i = 0; i < DIALOG_TEXTS; i++) {
		if (v[i].l)
			memcpy(p + at, v[i].p, v[i].l);
		at += v[i].l;
		d->end[i] = (uint32_t)at;
	}
	mem_deref(d->text);
	d->text = p;
	return 0;
}

static void texts(const struct dialog *d, struct slice v[DIALOG_TEXTS])
{
	for (int i = 0; i < DIALOG_TEXTS; i++)
		v[i] = dialog_text(d, (enum dialog_text)i);
}

int dialog_set_text(struct dialog *d, enum dialog_text t, struct slice s)
{
	struct slice v[DIALOG_TEXTS];

	if (slice_eq(dialog_text(d, t), s))
		return 0;
	texts(d, v);
	v[t] = s;
	return store(d, v);
}

/** Leave table and stack, keep the texts. */
static void leave(struct dialog *d)
{
	if (!d->sip)
		return;
	hash_del(&d->sip->dialogs, &d->hl);
	sip_flow_release(d->sip, d->dest.flow);
	d->sip = NULL;
}

static void dialog_destroy(void *obj)
{
	struct dialog *d = obj;

	leave(d);
	mem_deref(d->text);
}

static struct dialog *dialog_new(struct sip *s, const struct dialog_ops *ops, void *arg)
{
	struct dialog *d = mem_zalloc(sizeof(*d), dialog_destroy);

	if (!d)
		return NULL;
	d->sip = s;
	d->ops = ops;
	d->arg = arg;
	return d;
}

static int enter(struct dialog *d)
{
	return hash_add(&d->sip->dialogs, hash_bytes(dialog_text(d, DIALOG_LTAG)), &d->hl);
}

int dialog_open(struct dialog **dp, struct sip *s, const struct dialog_open *o, const struct dialog_ops *ops, void *arg)
{
	char tag[SIP_TAG_LEN + 1], callid[CALLID_RANDOM + 1];
	struct slice v[DIALOG_TEXTS] = {0};
	struct dialog *d = dialog_new(s, ops, arg);
	int err;

	if (!d)
		return ENOMEM;
	sip_make_tag(tag);
	v[DIALOG_CALLID] = slice_str(rand_text(callid, CALLID_RANDOM));
	v[DIALOG_LTAG] = slice_str(tag);
	v[DIALOG_LOCAL] = o->local;
	v[DIALOG_REMOTE] = o->remote;
	v[DIALOG_TARGET] = o->uri;
	v[DIALOG_CUSER] = o->contact_user;
	d->uac = true;
	d->follow = o->follow;
	d->secure = slice_starts(o->uri, SLICE("sips:"));
	d->lcseq = 1 + rand_below(FIRST_CSEQ_MAX);
	dialog_set_dest(d, &o->dest);
	err = store(d, v);
	if (!err)
		err = enter(d);
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

/** Header value without its tag and parameters, as a From or To of ours needs it. */
static void enc_party(struct buf *b, const struct sip_addr *a)
{
	struct sip_addr p = {.display = a->display, .auri = a->auri, .uri = a->uri};

	sip_addr_encode(b, &p);
}

int dialog_accept(struct dialog **dp, struct sip_strans *st, const struct sip_msg *req, struct slice contact_user,
		  const struct dialog_ops *ops, void *arg)
{
	struct dialog *d = dialog_new(sip_strans_sip(st), ops, arg);
	struct slice v[DIALOG_TEXTS] = {0};
	struct buf local, remote, routes;
	int err;

	if (!d)
		return ENOMEM;
	buf_init(&local);
	buf_init(&remote);
	buf_init(&routes);
	enc_party(&local, &req->to);
	enc_party(&remote, &req->from);
	d->confirmed = true;
	d->lcseq = rand_below(FIRST_CSEQ_MAX);
	d->rcseq = req->cseq.num;
	d->has_rcseq = true;
	d->secure = slice_ieqs(req->uri.scheme, "sips");
	err = dialog_contact(&v[DIALOG_TARGET], req);
	if (!err)
		err = dialog_enc_route_set(&routes, req, false);
	if (!err)
		err = local.err ? local.err : remote.err ? remote.err : routes.err;
	if (!err) {
		v[DIALOG_CALLID] = req->callid;
		v[DIALOG_LTAG] = sip_strans_tag(st);
		v[DIALOG_RTAG] = req->from.tag;
		v[DIALOG_LOCAL] = buf_get(&local);
		v[DIALOG_REMOTE] = buf_get(&remote);
		v[DIALOG_ROUTES] = buf_get(&routes);
		v[DIALOG_CUSER] = contact_user;
		v[DIALOG_SOFTWARE] = dialog_software(req);
		err = store(d, v);
	}
	buf_free(&local);
	buf_free(&remote);
	buf_free(&routes);
	if (!err) {
		dialog_set_dest_from(d, req);
		err = enter(d);
	}
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

/** The texts that a response of branch `rsp` settles, stored into `d` over those of `base` (which may be `d`). */
static int confirm(struct dialog *d, const struct dialog *base, const struct sip_msg *rsp)
{
	struct slice v[DIALOG_TEXTS];
	struct buf routes;
	int err;

	texts(base, v);
	buf_init(&routes);
	err = dialog_enc_route_set(&routes, rsp, true);
	if (!err)
		err = buf_err(&routes);
	if (!err) {
		v[DIALOG_RTAG] = rsp->to.tag;
		v[DIALOG_ROUTES] = buf_get(&routes);
		if (dialog_contact(&v[DIALOG_TARGET], rsp))
			v[DIALOG_TARGET] = dialog_text(base, DIALOG_TARGET);
		if (!slice_isset(v[DIALOG_SOFTWARE]))
			v[DIALOG_SOFTWARE] = dialog_software(rsp);
		err = store(d, v);
	}
	buf_free(&routes);
	if (err)
		return err;
	dialog_set_dest_from(d, rsp);
	d->confirmed = true;
	return 0;
}

int dialog_confirm(struct dialog *d, const struct sip_msg *rsp)
{
	return d->sip ? confirm(d, d, rsp) : ERR_STATE;
}

int dialog_fork(struct dialog **dp, const struct dialog *base, const struct sip_msg *rsp)
{
	struct dialog *d;
	int err;

	if (!base->sip)
		return ERR_STATE;
	d = dialog_new(base->sip, NULL, NULL);
	if (!d)
		return ENOMEM;
	d->uac = true;
	d->follow = base->follow;
	d->secure = base->secure;
	d->lcseq = base->lcseq;
	dialog_set_dest(d, &base->dest);
	err = confirm(d, base, rsp);
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

void dialog_note_software(struct dialog *d, const struct sip_msg *msg)
{
	struct slice s = dialog_software(msg);

	if (slice_isset(s) && !slice_isset(dialog_text(d, DIALOG_SOFTWARE)) && dialog_set_text(d, DIALOG_SOFTWARE, s))
		log_debug("sip", "no memory for the name of the peer's software");
}

/* ---- what arrives ---- */

/** The dialog of a request, by its tags and Call-ID (RFC 3261 12.2.2). */
static struct dialog *find(struct sip *s, const struct sip_msg *msg)
{
	for (struct hlink *k = hash_first(&s->dialogs, hash_bytes(msg->to.tag)); k; k = hash_next(k)) {
		struct dialog *d = CONTAINER_OF(k, struct dialog, hl);

		if (!slice_eq(dialog_text(d, DIALOG_LTAG), msg->to.tag) ||
		    !slice_eq(dialog_text(d, DIALOG_CALLID), msg->callid))
			continue;
		if (d->confirmed ? slice_eq(dialog_text(d, DIALOG_RTAG), msg->from.tag)
				 : d->ops->early && d->ops->early(d, msg->from.tag, d->arg))
			return d;
	}
	return NULL;
}

int sip_dialog_route(struct sip *s, struct sip_strans *st, const struct sip_msg *msg)
{
	struct dialog *d = find(s, msg);

	if (!d)
		return ENOENT;
	if (d->has_rcseq && msg->cseq.num < d->rcseq) {
		sip_reply_simple(st, 500, "CSeq Out of Order");
		return 0;
	}
	if (d->confirmed) {
		d->rcseq = msg->cseq.num;
		d->has_rcseq = true;
	}
	mem_ref(d);
	d->ops->request(d, st, msg, d->arg);
	mem_deref(d);
	return 0;
}

bool sip_dialog_ack(struct sip *s, const struct sip_msg *ack)
{
	struct dialog *d = find(s, ack);

	if (!d)
		return false;
	mem_ref(d);
	d->ops->ack(d, ack, d->arg);
	mem_deref(d);
	return true;
}

static int leave_h(struct hlink *k, void *arg)
{
	(void)arg;
	leave(CONTAINER_OF(k, struct dialog, hl));
	return 0;
}

void sip_dialog_flush(struct sip *s)
{
	inspect_del(&s->dialog_dump);
	while (s->users.head) {
		struct sip_user *u = LINK_OBJ(s->users.head, struct sip_user, le);

		list_unlink(&u->le);
		u->gone(u);
	}
	hash_each(&s->dialogs, leave_h, NULL);
}

static int dump_one(struct hlink *k, void *arg)
{
	const struct dialog *d = CONTAINER_OF(k, struct dialog, hl);
	struct slice tag = dialog_text(d, DIALOG_RTAG), routes = dialog_text(d, DIALOG_ROUTES);
	char txt[SA_STRLEN];

	buf_printf(arg, "%.*s %.*s/%.*s %s%s %.*s %s <%.*s> cseq %u/%u%s%.*s\n",
		   SLICE_FMT(dialog_text(d, DIALOG_CALLID)), SLICE_FMT(dialog_text(d, DIALOG_LTAG)), SLICE_FMT(tag),
		   d->uac ? "caller" : "callee", d->confirmed ? "" : " early", SLICE_FMT(sip_transp_name(d->dest.tp)),
		   sa_str(&d->dest.addr, txt), SLICE_FMT(dialog_text(d, DIALOG_TARGET)), d->lcseq, d->rcseq,
		   slice_isset(routes) ? " route " : "", SLICE_FMT(routes));
	return 0;
}

static void dump(struct buf *b, void *arg)
{
	struct sip *s = arg;

	hash_each(&s->dialogs, dump_one, b);
}

void sip_dialog_init(struct sip *s)
{
	s->dialog_dump = (struct inspect){.name = "sip.dialogs", .fn = dump, .arg = s};
	inspect_add(&s->dialog_dump);
}

void sip_flow_gone(struct sip *s, uint64_t flow)
{
	LIST_EACH (&s->flow_users, k) {
		struct sip_flow_user *u = LINK_OBJ(k, struct sip_flow_user, le);

		u->closed(u, flow);
	}
}

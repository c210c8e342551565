/*
 * inv.c - INVITE sessions: the handle and the session behind it, its end, and the requests that arrive
 * (RFC 3261 12.2.2). The other inv_*.c are one verb each; inv_priv.h tells how they hang together.
 */
#include "sip/inv_priv.h"

#include <string.h>

int inv_keep(char **keep, struct slice *a, struct slice *b, struct slice *c)
{
	struct slice *v[] = {a, b, c};
	char *p = mem_alloc(a->l + b->l + c->l + 1, NULL);

	if (!p)
		return ENOMEM;
	*keep = p;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (v[i]->l)
			memcpy(p, v[i]->p, v[i]->l);
		v[i]->p = p;
		p += v[i]->l;
	}
	return 0;
}

static void inv_destroy(void *obj)
{
	struct inv *in = obj;

	timer_stop(&in->tm);
	if (in->ux)
		inv_ux_close(in, false);
	inv_timer_stop(in);
	list_unlink(&in->user.le);
	mem_deref((void *)in->bye_hdrs.p);
	mem_deref(in->cred);
	mem_deref(in->d);
}

static void handle_destroy(void *obj)
{
	struct sip_inv *i = obj;
	struct inv *in = i->in;

	if (!in)
		return;
	in->h = NULL;
	if (in->d)
		inv_hangup(in, 0, SLICE_NULL);
	mem_deref(in);
}

int inv_alloc(struct sip_inv **hp, const struct sip_inv_ops *ops, void *arg)
{
	struct sip_inv *i = mem_zalloc(sizeof(*i), handle_destroy);

	if (!i)
		return ENOMEM;
	i->in = mem_zalloc(sizeof(*i->in), inv_destroy);
	if (!i->in) {
		mem_deref(i);
		return ENOMEM;
	}
	i->in->h = i;
	i->in->ops = ops;
	i->in->arg = arg;
	*hp = i;
	return 0;
}

/** The stack ends: everything stops where it is. */
static void gone(struct sip_user *u)
{
	struct inv *in = mem_ref(CONTAINER_OF(u, struct inv, user));

	in->told = in->hung = true;
	in->state = SIP_INV_CLOSED;
	timer_stop(&in->tm);
	inv_timer_stop(in);
	inv_ux_close(in, false);
	while (in->cxl.head)
		cx_close(LINK_OBJ(in->cxl.head, struct inv_cx, le));
	while (in->sxl.head)
		sx_close(LINK_OBJ(in->sxl.head, struct inv_sx, le));
	inv_requests_close(in);
	inv_bye_forget(in);
	mem_deref(in);
}

void inv_attach(struct inv *in)
{
	in->user.gone = gone;
	list_append(&inv_sip(in)->users, &in->user.le);
}

void inv_wind_up(struct inv *in)
{
	LIST_EACH (&in->cxl, k) {
		struct inv_cx *cx = LINK_OBJ(k, struct inv_cx, le);

		if (cx->state == CX_WAITING)
			cx_close(cx);
		else if (cx->state == CX_CALLING)
			cx_guard(cx);
		else if (cx->state == CX_ANSWERED && cx_ack(cx, SLICE_NULL, SLICE_NULL))
			cx_close(cx);
	}
}

void inv_end(struct inv *in, int err, uint16_t scode, const struct sip_msg *msg)
{
	if (in->told)
		return;
	mem_ref(in);
	in->told = in->hung = true;
	in->state = SIP_INV_CLOSED;
	timer_stop(&in->tm);
	inv_timer_stop(in);
	inv_ux_close(in, true);
	LIST_EACH (&in->sxl, k) {
		struct inv_sx *sx = LINK_OBJ(k, struct inv_sx, le);

		if (sx->answered)
			sx_close(sx);
		else
			sx_refuse(sx, 487, SLICE_NULL, SLICE_NULL);
	}
	inv_wind_up(in);
	inv_requests_close(in);
	log_debug("sip", "session %.*s ends: %u %s", SLICE_FMT(dialog_text(in->d, DIALOG_CALLID)), scode,
		  err ? err_str(err) : "");
	if (in->h)
		in->ops->closed(in->h, err, scode, msg, in->arg);
	mem_deref(in);
}

static void later_h(void *arg)
{
	inv_end(arg, 0, 0, NULL);
}

void inv_end_later(struct inv *in)
{
	if (!in->told && inv_sip(in))
		timer_start(&in->tm, inv_sip(in)->loop, 0, later_h, in);
}

/* ---- what arrives in the dialog ---- */

/** The option tags that sip_inv_peer_supports() knows; a bit each. */
static const char *const inv_tags[] = {"100rel",   "timer",        "replaces", "norefersub",    "from-change",
				       "histinfo", "tdialog",      "outbound", "gruu",          "path",
				       "join",     "precondition", "ice",      "multiple-refer"};

void inv_note_peer(struct inv *in, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct slice v;

	if (sip_msg_hdr(msg, SIP_HDR_ALLOW)) {
		in->peer_methods = 0;
		while (sip_msg_next_val(msg, SIP_HDR_ALLOW, &it, &v))
			in->peer_methods |= (uint16_t)(1U << sip_method_id(v));
	}
	if (!sip_msg_hdr(msg, SIP_HDR_SUPPORTED))
		return;
	in->peer_tags = 0;
	for (size_t i = 0; i < ARRAY_LEN(inv_tags); i++)
		if (sip_msg_has_token(msg, SIP_HDR_SUPPORTED, slice_str(inv_tags[i])))
			in->peer_tags |= (uint16_t)(1U << i);
}

/** The user's leave for a request that changes or uses the session; it answers those it refuses. */
static bool admitted(struct inv *in, struct sip_strans *st, const struct sip_msg *req)
{
	return req->m == SIP_PRACK || !in->ops->admit || in->ops->admit(in->h, st, req, in->arg);
}

static void request_h(struct dialog *d, struct sip_strans *st, const struct sip_msg *req, void *arg)
{
	struct inv *in = mem_ref(arg);

	dialog_note_software(d, req);
	if (req->m == SIP_BYE) {
		inv_bye_in(in, st, req);
	} else if (!inv_live(in)) {
		sip_reply_simple(st, 481, NULL);
	} else if (!admitted(in, st, req) || !inv_live(in)) {
		if (!sip_strans_done(st))
			sip_reply_simple(st, 481, NULL);
	} else if (req->m == SIP_PRACK) {
		inv_prack_in(in, st, req);
	} else if (req->m == SIP_INVITE) {
		inv_note_peer(in, req);
		inv_reinvite_in(in, st, req);
	} else if (req->m == SIP_UPDATE) {
		inv_note_peer(in, req);
		inv_update_in(in, st, req);
	} else {
		in->ops->request(in->h, st, req, in->arg);
	}
	mem_deref(in);
}

static bool early_h(const struct dialog *d, struct slice tag, void *arg)
{
	const struct inv *in = arg;
	const struct inv_cx *cx = cx_first(in);

	(void)d;
	return cx && cx_branch(cx, tag);
}

static void lines_h(const struct dialog *d, struct buf *b, void *arg)
{
	const struct inv *in = arg;

	(void)d;
	if (in->h && in->ops->lines)
		in->ops->lines(in->h, b, in->arg);
}

const struct dialog_ops inv_dialog_ops = {.request = request_h, .ack = inv_ack_in, .early = early_h, .lines = lines_h};

/* ---- what can be asked ---- */

enum sip_inv_state sip_inv_state(const struct sip_inv *i)
{
	return i->in->hung ? SIP_INV_CLOSED : i->in->state;
}
struct slice sip_inv_callid(const struct sip_inv *i)
{
	return dialog_text(i->in->d, DIALOG_CALLID);
}
struct slice sip_inv_local_tag(const struct sip_inv *i)
{
	return dialog_text(i->in->d, DIALOG_LTAG);
}
struct slice sip_inv_remote_tag(const struct sip_inv *i)
{
	return dialog_text(i->in->d, DIALOG_RTAG);
}
struct slice sip_inv_peer_software(const struct sip_inv *i)
{
	return dialog_text(i->in->d, DIALOG_SOFTWARE);
}
bool sip_inv_peer_allows(const struct sip_inv *i, enum sip_method m)
{
	return m != SIP_OTHER_METHOD && m < SIP_METHOD_COUNT && i->in->peer_methods & 1U << m;
}
bool sip_inv_peer_supports(const struct sip_inv *i, const char *tag)
{
	for (size_t k = 0; k < ARRAY_LEN(inv_tags); k++)
		if (slice_ieqs(slice_str(tag), inv_tags[k]))
			return i->in->peer_tags & 1U << k;
	return false;
}
const struct sip_inv_ops *sip_inv_user_ops(const struct sip_inv *i)
{
	return i->in->ops;
}
void *sip_inv_arg(const struct sip_inv *i)
{
	return i->in->arg;
}
int sip_inv_set_cred(struct sip_inv *i, const struct sip_cred *cred)
{
	struct cred *c;
	int err = cred_alloc(&c, cred);

	if (err)
		return err;
	mem_deref(i->in->cred);
	i->in->cred = c;
	return 0;
}

struct sip_inv *sip_inv_find(struct sip *s, struct slice callid, struct slice local_tag, struct slice remote_tag)
{
	for (struct hlink *k = hash_first(&s->dialogs, hash_bytes(local_tag)); k; k = hash_next(k)) {
		struct dialog *d = CONTAINER_OF(k, struct dialog, hl);
		struct inv *in = d->arg;

		if (d->ops != &inv_dialog_ops || !slice_eq(dialog_text(d, DIALOG_LTAG), local_tag) ||
		    !slice_eq(dialog_text(d, DIALOG_CALLID), callid))
			continue;
		if (in->h &&
		    (d->confirmed ? slice_eq(dialog_text(d, DIALOG_RTAG), remote_tag) : early_h(d, remote_tag, in)))
			return in->h;
	}
	return NULL;
}

const struct sip_dest *sip_inv_dest(const struct sip_inv *i)
{
	return &i->in->d->dest;
}

/*
 * inv_connect.c - making a call (RFC 3261 13.1, 13.2).
 */
#include "sip/inv_priv.h"

/** Nothing in a text of the caller may break a header line or the request line. */
static bool clean(struct slice s)
{
	for (size_t i = 0; i < s.l; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
			return false;
	}
	return true;
}

static void enc_party(struct buf *b, struct slice display, struct slice uri)
{
	if (slice_isset(display)) {
		sip_enc_quoted(b, display);
		buf_char(b, ' ');
	}
	buf_char(b, '<');
	buf_slice(b, uri);
	buf_char(b, '>');
}

static int make_dialog(struct inv *in, struct sip *s, const struct sip_inv_call *c)
{
	struct buf local, remote;
	int err;

	buf_init(&local);
	buf_init(&remote);
	enc_party(&local, c->from_display, c->from_uri);
	enc_party(&remote, c->to_display, slice_isset(c->to_uri) ? c->to_uri : c->uri);
	err = local.err ? local.err : remote.err;
	if (!err) {
		struct dialog_open o = {.uri = c->uri,
					.local = buf_get(&local),
					.remote = buf_get(&remote),
					.contact_user = c->contact_user,
					.dest = c->dest,
					.follow = c->follow_dest};

		err = dialog_open(&in->d, s, &o, &inv_dialog_ops, in);
	}
	buf_free(&local);
	buf_free(&remote);
	return err;
}

static int start(struct sip_inv *i, const struct sip_inv_call *c)
{
	struct inv_cx model = {.first = true,
			       .maxfwd = c->maxfwd,
			       .hdrs = c->hdrs,
			       .ctype = c->ctype,
			       .body = c->offer,
			       .rel100_required = c->rel100_required,
			       .rel100_off = c->rel100_off};
	int err;

	sip_inv_set_timer(i, &c->timer);
	err = cx_start(i->in, &model);
	if (!err && c->answer_ms)
		cx_await(cx_first(i->in), c->answer_ms);
	return err;
}

int sip_inv_connect(struct sip_inv **ip, struct sip *s, const struct sip_inv_call *c, const struct sip_inv_ops *ops,
		    void *arg)
{
	struct sip_inv *i;
	int err;

	if (!slice_isset(c->uri) || !slice_isset(c->from_uri) || !clean(c->uri) || !clean(c->from_uri) ||
	    !clean(c->to_uri))
		return EINVAL;
	if (c->rel100_required && !sip_has_tag(s, SLICE("100rel")))
		return ENOTSUP;
	err = inv_alloc(&i, ops, arg);
	if (err)
		return err;
	i->in->state = SIP_INV_CALLING;
	if (c->cred)
		err = cred_alloc(&i->in->cred, c->cred);
	if (!err)
		err = make_dialog(i->in, s, c);
	if (!err)
		err = start(i, c);
	if (err) {
		i->in->told = i->in->hung = true;
		mem_deref(i);
		return err;
	}
	inv_attach(i->in);
	*ip = i;
	return 0;
}

void inv_connect_failed(struct inv_cx *cx, int err, uint16_t scode, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;

	cx_close(cx);
	if (in->hung)
		inv_end(in, 0, 0, rsp); /* what we asked for: usually 487 */
	else
		inv_end(in, err, scode, rsp);
}
